import { randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { curlFtp, openSsh } from '../support/clients.ts';
import { type EventStore, startEventStore } from '../support/eventstore/index.ts';
import { run } from '../support/run.ts';
import { entry, linked, type Pair, preparePair } from '../support/servers.ts';
import { expectOneStory, idle } from '../support/stories.ts';
import { until } from '../support/until.ts';

describe('both servers with their event logs in one EventStoreDB (our wire server)', () => {
  let store: EventStore;
  let pair: Pair;
  afterEach(async () => {
    await pair.end();
    await store.close();
  });
  const prepare = async (): Promise<void> => {
    store = await startEventStore();
    pair = await preparePair({ eventLog: store.url });
  };
  const start = async (): Promise<void> => {
    await Promise.all([pair.inner.start(), pair.dmz.start()]);
    await linked(pair);
  };
  const put = async (name: string, content: string): Promise<number | null> => {
    const file = join(pair.directory, name);
    await writeFile(file, content);
    return (await openSsh(pair, [`put ${file} ${name}`])).code;
  };
  const arrived = async (): Promise<readonly string[]> =>
    (await Promise.all((await readdir(pair.out)).map((name) => readFile(join(pair.out, name), 'latin1')))).sort();

  it('bring files through it breaking off and coming back, each once, and leave one story in both logs', async () => {
    await prepare();
    await start();
    const sent = Array.from({ length: 20 }, (_, i) => `${i} ${randomBytes(600).toString('base64')}`);
    for (const [i, content] of sent.entries()) {
      if (i % 8 === 4) await store.restart();
      if (i % 8 === 0) store.cut();
      expect(await put(`f${i}`, content)).toBe(0);
    }
    await idle(pair);
    expect(await arrived()).toEqual([...sent].sort());
    expect(await expectOneStory(pair)).toBe(sent.length);
  }, 120_000);

  it('take nothing while it is away, live on, and go on by themselves when it is back', async () => {
    await prepare();
    await start();
    expect(await put('before', 'before')).toBe(0);
    const pids = [pair.inner.pid(), pair.dmz.pid()];
    await store.restart(async () => {
      expect(await put('while', 'while')).not.toBe(0);
      const refused = await curlFtp(pair, '/while', '-v', '-T', join(pair.directory, 'while'));
      expect(refused.err).toContain('451 it cannot be done at the moment; try again later');
      for (const server of [pair.inner, pair.dmz]) expect((await server.status()).state).toBe('serving');
    });
    await until('a file is taken again', async () => (await put('after', 'after')) === 0);
    await idle(pair);
    expect(await arrived()).toEqual(['after', 'before']);
    expect([pair.inner.pid(), pair.dmz.pid()]).toEqual(pids);
  }, 180_000);

  it('wait for it at their start, and say so', async () => {
    await prepare();
    await store.restart(async () => {
      const starting = start();
      for (const server of [pair.inner, pair.dmz])
        await until('it says so', () => server.printed().includes('the event log is not there yet; it is waited for'));
      void starting.catch(() => undefined);
    });
    await until('inner serves', async () => (await pair.inner.status()).state === 'serving', 60_000);
    await until('dmz serves', async () => (await pair.dmz.status()).state === 'serving', 60_000);
  }, 120_000);

  it('are not started where it lets nobody in, and check says what is to be done', async () => {
    await prepare();
    store.faults.deny(true);
    const served = await run(process.execPath, [entry, 'serve', '--config', pair.inner.config], { within: 20_000 });
    expect(served.code).toBe(1);
    expect(served.err).toMatch(/sallyport: esdb:\/\/127\.0\.0\.1:\d+: .*let the user of eventLog append/);
    const checked = () => run(process.execPath, [entry, 'check', '--config', pair.dmz.config], { within: 30_000 });
    expect(await checked()).toMatchObject({
      code: 2,
      err: expect.stringMatching(/dmz\.yaml: eventLog: .*append/) as string,
    });
    store.faults.deny(false);
    expect(await checked()).toMatchObject({ code: 0 });
    await store.restart(async () => {
      expect(await checked()).toMatchObject({
        code: 2,
        err: expect.stringMatching(/eventLog: .*does not answer: .*; is it running/) as string,
      });
    });
  }, 120_000);
});
