import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isLeft } from 'fp-ts/lib/Either.js';
import { expect, it, onTestFinished } from 'vitest';
import { parse, stringify } from 'yaml';
import { curlPut } from '../support/clients.ts';
import { startEventStore } from '../support/eventstore/index.ts';
import { run } from '../support/run.ts';
import { entry, linked, preparePair, type Server } from '../support/servers.ts';
import { expectOneStory } from '../support/stories.ts';
import { until } from '../support/until.ts';

/** Milliseconds for a server to start, and for a transfer to move on. */
const within = 60_000;

const cli = (...args: readonly string[]) => run(process.execPath, [entry, ...args]);

/** Which transfers a server lists, the oldest first. */
const transfers = async ({ control }: Server): Promise<readonly string[]> => {
  const rows = await control.list({ limit: 100 })();
  if (isLeft(rows)) throw new Error(rows.left.text);
  return rows.right.map(({ id, state, name }) => `${id} ${state} ${name}`).sort();
};

const change = async ({ config }: Server, settings: Readonly<Record<string, unknown>>): Promise<void> => {
  const before = parse(await readFile(config, 'utf8')) as Record<string, unknown>;
  await writeFile(config, stringify({ ...before, ...settings }));
};

it('both servers go on with their logs in EventStoreDB (our wire server) and back, nothing is skipped or done twice', async () => {
  const store = await startEventStore();
  onTestFinished(() => store.close());
  const pair = await preparePair({ takes: '*.xml', eventLog: 'embedded' });
  onTestFinished(() => pair.end());
  const servers = [pair.inner, pair.dmz];
  const put = async (name: string): Promise<void> => {
    await writeFile(join(pair.directory, name), name);
    expect(await curlPut(pair, join(pair.directory, name), `/${name}`)).toMatchObject({ code: 0 });
  };
  const inState = (server: Server, state: string, name: string) =>
    until(
      `${name} is ${state}`,
      async () => (await transfers(server)).some((row) => row.endsWith(`${state} ${name}`)),
      within,
    );
  const start = async (): Promise<void> => {
    await Promise.all(servers.map((server) => server.start({ within })));
    await linked(pair);
  };
  /** Delivers one that is finished, one that is held and one that waits for inner; stops both and answers what both list. */
  const story = async (n: number) => {
    await put(`finished-${n}.xml`);
    await put(`held-${n}.csv`);
    await inState(pair.dmz, 'acknowledged', `finished-${n}.xml`);
    await inState(pair.dmz, 'held', `held-${n}.csv`);
    // Its delivery is a transfer of its own on inner, and goes on after dmz has its acknowledgement.
    await inState(pair.inner, 'sent', `finished-${n}.xml`);
    const inner = await transfers(pair.inner);
    await pair.inner.stop();
    await put(`waiting-${n}.xml`);
    const dmz = await transfers(pair.dmz);
    expect(dmz.filter((row) => row.endsWith(` received waiting-${n}.xml`))).toHaveLength(1);
    await pair.dmz.stop();
    return [inner, dmz];
  };
  /** Each comes up with the transfers that it had; then they find each other, and what waited ends. */
  const goOn = async (n: number, [inner, dmz]: readonly (readonly string[] | undefined)[]): Promise<void> => {
    await pair.dmz.start({ within });
    expect(await transfers(pair.dmz)).toEqual(dmz);
    await pair.inner.start({ within });
    expect(await transfers(pair.inner)).toEqual(expect.arrayContaining([...(inner ?? [])]));
    for (const server of servers) expect(server.printed().split('are built anew')).toHaveLength(1 + n);
    await linked(pair);
    await inState(pair.dmz, 'acknowledged', `waiting-${n}.xml`);
    expect((await transfers(pair.dmz)).map((row) => row.slice(0, 26))).toEqual(dmz?.map((row) => row.slice(0, 26)));
  };
  const copied = async (from: string, to: string): Promise<void> => {
    const done = await cli('log', 'copy', '--from', from, '--to', to);
    expect(done.code, done.err).toBe(0);
    expect(done.out).toContain('the logs are equal');
  };

  await start();
  const first = await story(1);
  expect((await cli('log', 'copy', '--from', pair.inner.config, '--to', pair.dmz.config)).err).toMatch(
    /a log stays with/,
  );
  // One that has not been moved does not begin with an empty log.
  await change(pair.inner, { eventLog: store.url });
  await expect(pair.inner.start({ within })).rejects.toThrow(
    /the event log is empty, but this server has recorded events before/,
  );
  for (const server of servers) {
    await change(server, { eventLog: store.url });
    await copied(server.data, server.config);
  }
  await goOn(1, first);

  const second = await story(2);
  for (const server of servers) {
    await copied(server.config, server.data);
    await change(server, { eventLog: undefined });
  }
  await goOn(2, second);
  await put('last.xml');
  await inState(pair.dmz, 'acknowledged', 'last.xml');
  // Its delivery is a transfer of its own on inner.
  await until('it is delivered', async () => (await readdir(pair.out)).includes('last.xml'));
  await until('nothing is under way', async () => (await readdir(pair.out)).every((name) => !name.startsWith('.')));
  const delivered = ['finished-1.xml', 'finished-2.xml', 'last.xml', 'waiting-1.xml', 'waiting-2.xml'];
  expect((await readdir(pair.out)).sort()).toEqual(delivered);
  expect(await expectOneStory(pair)).toBe(7);
  for (const { config } of servers)
    expect(await cli('log', 'verify', '--config', config)).toMatchObject({
      code: 0,
      out: expect.stringContaining('sealed events are as they were') as string,
    });
}, 600_000);
