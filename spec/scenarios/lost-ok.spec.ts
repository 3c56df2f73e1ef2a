import { readdir, readFile, writeFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { isRight } from 'fp-ts/lib/Either.js';
import ssh2, { type SFTPWrapper } from 'ssh2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TransferRow } from '../../domain/control.ts';
import { openSsh } from '../support/clients.ts';
import { type Pair, startPair } from '../support/servers.ts';
import { expectOneStory, idle } from '../support/stories.ts';
import { until } from '../support/until.ts';

const received = async (pair: Pair, name: string): Promise<readonly TransferRow[]> => {
  const rows = await pair.dmz.control.list({ limit: 100 })();
  return isRight(rows) ? rows.right.filter((row) => row.name === name) : [];
};

const eventsOf = async (pair: Pair, id: string): Promise<readonly string[]> => {
  const story = await pair.dmz.control.show(id)();
  return isRight(story) ? story.right.events.map((event) => event.type) : [];
};

const named = async (pair: Pair, stem: string): Promise<readonly string[]> =>
  (await readdir(pair.out)).filter((name) => name.startsWith(stem));

/** Puts a file, and is gone by a reset when dmz has recorded it: the reply to CLOSE is never read. */
const putAndReset = async (pair: Pair, name: string, bytes: Buffer): Promise<void> => {
  const client = new ssh2.Client();
  client.on('error', () => undefined);
  const privateKey = await readFile(pair.identity);
  const sftp = await new Promise<SFTPWrapper>((resolve, reject) => {
    client.on('ready', () => {
      client.sftp((error, opened) => (error === undefined ? resolve(opened) : reject(error)));
    });
    client.connect({ host: '127.0.0.1', port: pair.sftpPort, username: 'acme', privateKey });
  });
  sftp.on('error', () => undefined);
  const handle = await new Promise<Buffer>((resolve, reject) => {
    sftp.open(`/${name}`, 'w', (error, opened) => (error === undefined ? resolve(opened) : reject(error)));
  });
  await new Promise<unknown>((resolve) => sftp.write(handle, bytes, 0, bytes.length, 0, resolve));
  const { _sock: socket } = client as unknown as { readonly _sock: Socket };
  socket.pause();
  sftp.close(handle, () => undefined);
  await until('dmz recorded it', async () => (await received(pair, name)).length > 0);
  socket.resetAndDestroy();
};

describe('a lost OK', () => {
  let pair: Pair;
  beforeAll(async () => {
    pair = await startPair();
    await writeFile(join(pair.directory, 'file'), 'the same again');
  }, 60_000);
  afterAll(() => pair.end());

  const put = async (name: string): Promise<void> =>
    expect(await openSsh(pair, [`put ${join(pair.directory, 'file')} ${name}`])).toMatchObject({ code: 0 });

  it('makes no second transfer when the partner sends again what it has no OK for', async () => {
    await putAndReset(pair, 'lost.xml', Buffer.from('the same again'));
    await put('lost.xml');
    await idle(pair);
    const rows = await received(pair, 'lost.xml');
    expect(rows).toHaveLength(1);
    expect((await eventsOf(pair, rows[0]?.id ?? '')).filter((type) => type === 'repeated')).toHaveLength(1);
    expect(await named(pair, 'lost')).toEqual(['lost.xml']);
  });

  it('is none where other content comes under the name', async () => {
    await putAndReset(pair, 'other.xml', Buffer.from('something else'));
    await put('other.xml');
    await idle(pair);
    expect(await received(pair, 'other.xml')).toHaveLength(2);
    expect(await named(pair, 'other')).toHaveLength(2);
  });

  it('is none where the partner heard its OK: what it sends twice on purpose are two transfers', async () => {
    await put('twice.xml');
    await put('twice.xml');
    await idle(pair);
    const rows = await received(pair, 'twice.xml');
    expect(rows).toHaveLength(2);
    for (const { id } of rows) expect(await eventsOf(pair, id)).not.toContain('repeated');
    expect(await named(pair, 'twice')).toHaveLength(2);
  });

  it('leaves one story in both logs', async () => {
    expect(await expectOneStory(pair)).toBe(5);
  });
});

describe.each([
  ['rename', ['put FILE order.xml'], ['rename order.xml final.xml'], 'final.xml'],
  ['marker', ['put FILE order.xml'], ['put FILE order.xml.done'], 'order.xml'],
  ['marker', ['put FILE order.xml.done'], ['put FILE order.xml'], 'order.xml'],
] as const)('a channel with completeOn: %s, after %j', (completeOn, first, then, name) => {
  it(`makes a transfer only after ${then.join()}`, async () => {
    const pair = await startPair({ channel: { completeOn, markerSuffix: '.done' } });
    try {
      const file = join(pair.directory, 'file');
      await writeFile(file, 'content');
      const said = (commands: readonly string[]) => commands.map((command) => command.replace('FILE', file));
      expect(await openSsh(pair, said(first))).toMatchObject({ code: 0 });
      expect((await pair.dmz.status()).open).toBe(0);
      await pair.dmz.kill();
      await pair.dmz.start();
      expect(await openSsh(pair, said(then))).toMatchObject({ code: 0 });
      expect(await received(pair, name)).toHaveLength(1);
      await idle(pair);
      expect(await readdir(pair.out)).toEqual([name]);
      expect(await readFile(join(pair.out, name), 'utf8')).toBe('content');
      expect(
        (await openSsh(pair, ['ls -1'])).out.split('\n').filter((line) => line !== '' && !/^sftp>/.test(line)),
      ).toEqual([name]);
      expect(await expectOneStory(pair)).toBe(1);
    } finally {
      await pair.end();
    }
  }, 60_000);
});
