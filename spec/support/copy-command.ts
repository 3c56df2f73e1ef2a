/** `sallyport log copy` as an operator runs it, and may have it killed. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { stringify } from 'yaml';
import { startEventStore } from './eventstore/index.ts';
import { contentIn, embeddedIn, fill, wireAt } from './logs-to-copy.ts';
import { run } from './run.ts';
import { entry } from './servers.ts';

/** Writes the config of a server that is never started, with its data directory beside it. */
export const configIn = async (
  directory: string,
  name: string,
  more: { readonly node?: string; readonly eventLog?: string } = {},
): Promise<string> => {
  const file = join(directory, `${name}.yaml`);
  const keys = { ca: 'ca.crt', certificate: 'inner.crt', key: 'inner.key' };
  const peers = [{ node: 'dmz-1', fingerprint: `sha256:${'0'.repeat(64)}`, host: 'dmz' }];
  await writeFile(
    file,
    stringify({ role: 'inner', node: 'inner-1', data: name, messageService: { ...keys, peers }, ...more }),
  );
  return file;
};

type Equal = {
  readonly equal: boolean;
  readonly before: number;
  readonly source: { readonly events: number; readonly sha256: string };
};

/** Copies, killed after so many appends, then again to the end. Answers what it said, and how long the second took, in milliseconds. */
const cutAndResumed = async (from: string, to: string, killAfter: number, within: number) => {
  const args = [entry, 'log', 'copy', '--from', from, '--to', to, '--json'];
  const fault = `log.answer.after@${killAfter}`;
  const cut = await run(process.execPath, args, { env: { SALLYPORT_FAULT: fault }, within });
  expect(cut).toMatchObject({ code: null, out: '' });
  const began = performance.now();
  const resumed = await run(process.execPath, args, { within });
  expect(resumed.code, resumed.err).toBe(0);
  return { ...(JSON.parse(resumed.out) as Equal), took: performance.now() - began, said: resumed.err };
};

/**
 * Copies a log of so many events to EventStoreDB (our wire server, on disk) and back into another data directory, each
 * way killed in the middle and taken up again, and expects the same everywhere.
 */
export const copiedBothWays = async (directory: string, events: number, within: number) => {
  const server = await startEventStore({ directory: join(directory, 'eventstore') });
  try {
    const [here, back] = [
      await configIn(directory, 'here'),
      await configIn(directory, 'back', { eventLog: server.url }),
    ];
    await mkdir(join(directory, 'here'));
    const log = await embeddedIn(join(directory, 'here'));
    await fill(log, events);
    const original = await contentIn(log);
    expect(original.events).toBe(events);
    await log.close();
    // An append has three or four events.
    const killAfter = Math.floor(events / 8);
    const there = await cutAndResumed(here, server.url, killAfter, within);
    const again = await cutAndResumed(back, join(directory, 'again'), killAfter, within);
    for (const each of [there, again]) {
      expect(each).toMatchObject({ equal: true, source: original, target: original });
      expect(each.before).toBeGreaterThan(0);
      expect(each.before).toBeLessThan(events);
    }
    expect(await contentIn(wireAt(server.url))).toEqual(original);
    expect(await contentIn(await embeddedIn(join(directory, 'again')))).toEqual(original);
    return { original, there, again };
  } finally {
    await server.close();
  }
};
