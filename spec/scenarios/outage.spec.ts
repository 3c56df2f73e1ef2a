import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { curlPut, openSsh } from '../support/clients.ts';
import { linked, type Pair, type Server, startPair } from '../support/servers.ts';
import { expectOneStory, idle } from '../support/stories.ts';
import { until } from '../support/until.ts';

const withPair = async (use: (pair: Pair) => Promise<void>): Promise<void> => {
  const pair = await startPair();
  try {
    await use(pair);
  } catch (error) {
    throw new Error(`${pair.inner.printed()}\n${pair.dmz.printed()}`, { cause: error });
  } finally {
    await pair.end();
  }
};

/** Which file a result is, by its content: every upload is different. */
const contents = async (directory: string): Promise<ReadonlyMap<string, number>> => {
  const found = new Map<string, number>();
  for (const name of await readdir(directory)) {
    const content = await readFile(join(directory, name), 'latin1');
    found.set(content, (found.get(content) ?? 0) + 1);
  }
  return found;
};

/** Sends files one after the other in `lanes` lanes of OpenSSH; answers the contents that got their OK. */
const sendAll = async (pair: Pair, count: number, lanes: number): Promise<ReadonlySet<string>> => {
  const accepted = new Set<string>();
  const source = join(pair.directory, 'source');
  await mkdir(source);
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let i = next++; i < count; i = next++) {
      const content = `${i} ${randomBytes(1500).toString('base64')}`;
      const file = join(source, `f${i}`);
      await writeFile(file, content);
      const put = await openSsh(pair, [`put ${file} f${i}`]).catch(() => undefined);
      if (put?.code === 0) accepted.add(content);
      else await until('dmz serves again', async () => (await pair.dmz.status()).state === 'serving');
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return accepted;
};

/** As many in the full tier as have shown it first; fewer on every change, where the crash test kills as well. */
const count = process.env.SALLYPORT_FULL === '1' ? 300 : 90;

const killInTheMiddle = (server: (pair: Pair) => Server) =>
  withPair(async (pair) => {
    const sending = sendAll(pair, count, 6);
    for (const at of [0.2, 0.5, 0.8].map((share) => share * count)) {
      await until(
        `${at} files were sent`,
        async () => (await readdir(join(pair.directory, 'source'))).length > at,
        120_000,
      );
      await server(pair).kill();
      await server(pair).start();
    }
    const accepted = await sending;
    await linked(pair);
    await idle(pair);
    const arrived = await contents(pair.out);
    expect([...accepted].filter((content) => arrived.get(content) !== 1)).toEqual([]);
    const sent = await contents(join(pair.directory, 'source'));
    expect([...arrived].filter(([content, times]) => times !== 1 || !sent.has(content))).toEqual([]);
    expect(accepted.size).toBeGreaterThan(count / 2);
    await expectOneStory(pair);
    await expectNoOrphans(pair, arrived.size);
  });

/** Started again, neither server keeps a payload that no transfer knows. */
const expectNoOrphans = async (pair: Pair, transfers: number): Promise<void> => {
  for (const server of [pair.dmz, pair.inner]) {
    await server.start();
    await until('nothing but the payloads of transfers is left', async () => {
      const payloads = await readdir(join(server.data, 'transfer'), { recursive: true, withFileTypes: true });
      return payloads.filter((each) => each.isFile()).length === transfers;
    });
  }
  expect((await readdir(pair.out)).filter((name) => name.startsWith('.'))).toEqual([]);
};

describe('while inner is away', () => {
  it('uploads are accepted, and arrive when it is back; dmz may restart meanwhile', () =>
    withPair(async (pair) => {
      expect(await pair.inner.stop()).toBe(0);
      const files = ['one', 'two', 'three'];
      for (const name of files) {
        await writeFile(join(pair.directory, name), name);
        expect(await curlPut(pair, join(pair.directory, name), `/${name}`)).toMatchObject({ code: 0 });
      }
      expect((await pair.dmz.status()).open).toBe(3);
      expect(await pair.dmz.stop()).toBe(0);
      await pair.dmz.start();
      await writeFile(join(pair.directory, 'four'), 'four');
      expect(await curlPut(pair, join(pair.directory, 'four'), '/four')).toMatchObject({ code: 0 });
      expect(await readdir(pair.out)).toEqual([]);
      await pair.inner.start();
      await linked(pair);
      await idle(pair);
      for (const name of [...files, 'four']) expect(await readFile(join(pair.out, name), 'utf8')).toBe(name);
      expect(await expectOneStory(pair)).toBe(4);
    }));
});

describe(`killed in the middle of ${count} uploads, three times`, () => {
  it(
    'dmz: what got its OK arrives exactly once, nothing is half, orphans are swept',
    () => killInTheMiddle((pair) => pair.dmz),
    240_000,
  );

  it(
    'inner: what got its OK arrives exactly once, nothing is half, orphans are swept',
    () => killInTheMiddle((pair) => pair.inner),
    240_000,
  );
});
