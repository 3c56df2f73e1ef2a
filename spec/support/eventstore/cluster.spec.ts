import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { writeCertificate } from '../certificate.ts';
import { scratch } from '../scratch.ts';
import { type Cluster, startCluster } from './cluster-of.ts';
import { connect, counted, failureOf, given, numbers } from './given.ts';
import type { EventStore } from './index.ts';

const cluster = async (): Promise<Cluster & { readonly node: (index: number) => EventStore }> => {
  const started = await startCluster(3);
  onTestFinished(() => started.close());
  const node = (index: number): EventStore => {
    const found = started.nodes[index];
    if (found === undefined) throw new Error(`there is no node ${index}`);
    return found;
  };
  return { ...started, node };
};

describe('a cluster of wire servers', () => {
  it('leads a client to its leader', async () => {
    const { url, elect } = await cluster();
    elect(2);
    const client = connect(url);
    await client.appendToStream('a-1', counted(1));
    expect(await numbers(client.readStream('a-1'))).toEqual([1]);
  });

  it('sends a writer at another node to the leader, with its next append', async () => {
    const { node } = await cluster();
    const client = connect(node(1).url);
    await expect(client.appendToStream('a-1', counted(1))).rejects.toMatchObject({
      type: 'not-leader',
      leader: { address: '127.0.0.1', port: node(0).port },
    });
    await client.appendToStream('a-1', counted(2));
    expect(await numbers(client.readStream('a-1'))).toEqual([2]);
  });

  it('shows at every node what was written at the leader, over an election', async () => {
    const { url, node, elect } = await cluster();
    const client = connect(url);
    await client.appendToStream('a-1', counted(1));
    elect(1);
    expect(await failureOf(client.appendToStream('a-1', counted(2)))).toBe('not-leader');
    await client.appendToStream('a-1', counted(2), { expectedRevision: 0n });
    expect(await numbers(connect(node(2).url).readStream('a-1'))).toEqual([1, 2]);
  });
});

describe('a wire server with TLS and users', () => {
  const secured = async () => {
    const directory = await scratch();
    writeCertificate(directory, 'localhost');
    const text = (ending: string): string => readFileSync(join(directory, `localhost.${ending}`), 'utf8');
    const { es } = await given({
      tls: { certificate: text('crt'), key: text('key') },
      users: { admin: { password: 'changeit', admin: true }, node: { password: 'p:1' } },
    });
    const url = (user: string): string =>
      `esdb://${user}localhost:${es.port}?tls=true&tlsCAFile=${join(directory, 'localhost.crt')}`;
    return { es, client: (user: string) => connect(url(user)) };
  };

  it('lets its users write and read', async () => {
    const { client } = await secured();
    await client('node:p%3A1@').appendToStream('a-1', counted(1));
    expect(await numbers(client('admin:changeit@').readStream('a-1'))).toEqual([1]);
  });

  it('refuses a wrong password', async () => {
    const { client } = await secured();
    const wrong = client('admin:wrong@');
    const refused = { type: 'access-denied', code: 16 };
    await expect(numbers(wrong.readStream('a-1'))).rejects.toMatchObject(refused);
    await expect(wrong.appendToStream('a-1', counted(1))).rejects.toMatchObject(refused);
    const credentials = { username: 'node', password: 'wrong' };
    await expect(wrong.appendToStream('a-1', counted(1), { credentials })).rejects.toMatchObject(refused);
  });

  it('denies who has no name anything, and who is no administrator the whole log', async () => {
    const { client } = await secured();
    const nobody = client('');
    expect(await failureOf(nobody.appendToStream('a-1', counted(1)))).toBe('access-denied');
    expect(await failureOf(numbers(nobody.readStream('a-1')))).toBe('access-denied');
    expect(await failureOf(numbers(client('node:p%3A1@').readAll()))).toBe('access-denied');
    expect((await numbers(client('admin:changeit@').readAll())).length).toBeGreaterThan(0);
  });
});
