import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKeys } from '../../adapters/keys/index.ts';
import { systemClock } from '../../adapters/shared/clock.ts';
import { run } from '../support/run.ts';
import { type Pair, startPair } from '../support/servers.ts';
import { until } from '../support/until.ts';

/** What dmz has printed about refusals since. */
const linesAfter = (pair: Pair, start: number): readonly string[] =>
  pair.dmz
    .printed()
    .slice(start)
    .split('\n')
    .filter((line) => line !== '');

describe('the message service port', () => {
  let pair: Pair;
  beforeAll(async () => {
    pair = await startPair();
    // Its last line before somebody knocks.
    await until('dmz has said so', () => /channels replicated/.test(pair.dmz.printed()));
  }, 60_000);
  afterAll(() => pair.end());

  const knock = async (args: readonly string[]): Promise<readonly string[]> => {
    const start = pair.dmz.printed().length;
    await run('openssl', [
      ...['s_client', '-connect', `127.0.0.1:${pair.linkPort}`, '-tls1_3', '-alpn', 'h2', '-ign_eof'],
      ...['-CAfile', join(pair.directory, 'keys', 'ca.crt'), ...args],
    ]);
    await until('dmz says why', () => linesAfter(pair, start).length > 0);
    return linesAfter(pair, start);
  };
  const as = (directory: string, node: string): readonly string[] => [
    ...['-cert', join(directory, `${node}.crt`), '-key', join(directory, `${node}.key`)],
  ];
  const strangers = async (name: string, role: 'inner' | 'dmz', node: string, now?: number): Promise<string> => {
    const directory = join(pair.directory, name);
    const clock = now === undefined ? systemClock() : { ...systemClock(), now: () => now };
    if (name === 'ours') {
      const { cp } = await import('node:fs/promises');
      await cp(join(pair.directory, 'keys'), directory, { recursive: true });
    }
    await createKeys({ directory, nodes: [{ role, node, hosts: ['127.0.0.1'] }], clock })();
    return directory;
  };

  it('refuses who brings no certificate, in one line', async () => {
    expect(await knock([])).toEqual([expect.stringMatching(/ warn .*127\.0\.0\.1.* certificate/)]);
  });

  it('refuses another CA’s certificate, in one line', async () => {
    const directory = await strangers('foreign', 'inner', 'inner-1');
    expect(await knock(as(directory, 'inner-1'))).toEqual([expect.stringMatching(/ warn .*127\.0\.0\.1/)]);
  });

  it('refuses an expired certificate of the right CA, in one line', async () => {
    const directory = await strangers('ours', 'inner', 'inner-9', Date.now() - 3 * 365 * 86_400_000);
    expect(await knock(as(directory, 'inner-9'))).toEqual([expect.stringMatching(/ warn .*expired/)]);
  });

  it('refuses a dmz certificate that plays inner, in one line', async () => {
    const lines = await knock(as(join(pair.directory, 'keys'), 'dmz-1'));
    expect(lines).toEqual([expect.stringMatching(/ warn .*127\.0\.0\.1.*dmz/)]);
  });

  it('refuses plain TCP, in one line', async () => {
    const start = pair.dmz.printed().length;
    const socket = connect(pair.linkPort, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write('GET / HTTP/1.1\r\nHost: dmz\r\n\r\n');
    await once(socket, 'close');
    await until('dmz says why', () => linesAfter(pair, start).length > 0);
    expect(linesAfter(pair, start)).toEqual([expect.stringMatching(/ warn .*127\.0\.0\.1/)]);
  });

  it('keeps its link to the right inner through all of it', async () => {
    expect((await pair.dmz.status()).links).toEqual([{ node: 'inner-1', up: true }]);
    expect(pair.inner.printed()).not.toContain('down');
    expect(await readFile(join(pair.dmz.data, 'pid'), 'utf8')).toBe(`${pair.dmz.pid()}\n`);
  });
});
