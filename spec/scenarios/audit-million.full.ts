import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { isLeft } from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { embeddedEventLog } from '../../adapters/eventlog/embedded.ts';
import { auditStream, mostSealed } from '../../domain/chain.ts';
import type { EventLog } from '../../domain/ports.ts';
import { curlPut } from '../support/clients.ts';
import { openLogOf } from '../support/log-of.ts';
import { eventsIn, fillLog, spread } from '../support/many-transfers.ts';
import { residentBytes } from '../support/memory.ts';
import { run } from '../support/run.ts';
import { entry, type Pair, preparePair, type Server, startPair } from '../support/servers.ts';
import { until } from '../support/until.ts';

const MB = 1e6;
const day = 86_400_000;
const many = { finished: Number(process.env.SALLYPORT_TRANSFERS ?? 1_000_000), open: 10_000 };
const within = 3_600_000;

/** The least of several starts: how long until it serves, and how much memory it takes then. */
const starts = async (server: Server): Promise<{ readonly ms: number; readonly bytes: number }> => {
  const all: { readonly ms: number; readonly bytes: number }[] = [];
  for (let i = 0; i < 5; i += 1) {
    const started = performance.now();
    await server.start({ within });
    const ms = performance.now() - started;
    all.push({ ms, bytes: await residentBytes(server.pid()) });
    await server.stop();
  }
  return { ms: Math.min(...all.map((each) => each.ms)), bytes: Math.min(...all.map((each) => each.bytes)) };
};

/** The middle of several first pages by partner and day, milliseconds. */
const firstPage = async ({ control }: Server): Promise<number> => {
  const times: number[] = [];
  for (let i = 0; i < 21; i += 1) {
    const from = spread.first + (i % spread.days) * day;
    const started = performance.now();
    const page = await control.audit({ channel: `partner-${i}`, from, to: from + day - 1, limit: 20 })();
    times.push(performance.now() - started);
    if (isLeft(page)) throw new Error(page.left.text);
    expect(page.right.taken).toBe(20);
  }
  return times.toSorted((a, b) => a - b)[10] ?? 0;
};

/** How long reading the whole log takes, and how many events there are. */
const readAlone = async (log: EventLog): Promise<{ readonly ms: number; readonly events: number }> => {
  const started = performance.now();
  let events = 0;
  for await (const item of log.follow(undefined, new AbortController().signal)) {
    if (item.kind === 'caughtUp') break;
    events += item.events.length;
  }
  const ms = performance.now() - started;
  await log.close();
  return { ms, events };
};

/** Waits until so many events are sealed. */
const untilSealed = async ({ data }: Server, events: number): Promise<void> => {
  const log = await embeddedEventLog({ directory: data, onFatal: () => undefined, readOnly: true });
  const sealed = async (): Promise<boolean> => {
    const newest = await log.readStream(auditStream('dmz-1'), { from: BigInt(Math.floor(events / mostSealed) - 1) })();
    return !isLeft(newest) && newest.right.length > 0;
  };
  await until('the log is sealed', sealed, within);
  await log.close();
};

/** Rebuilds all read models of a serving server; how long that takes, and how often it took an upload meanwhile. */
const rebuild = async (pair: Pair): Promise<{ readonly ms: number; readonly uploads: number }> => {
  const file = join(pair.directory, 'now');
  await writeFile(file, 'now');
  const started = performance.now();
  let ms = 0;
  const rebuilt = run(process.execPath, [entry, 'projections', 'rebuild', '--data', pair.dmz.data], { within }).then(
    (ended) => {
      ms = performance.now() - started;
      expect(ended).toMatchObject({ code: 0, err: '' });
    },
  );
  let uploads = 0;
  while (ms === 0) {
    expect(await curlPut(pair, file, `/now${uploads}`)).toMatchObject({ code: 0 });
    uploads += 1;
    await Promise.race([rebuilt, setTimeout(10_000)]);
  }
  await rebuilt;
  return { ms, uploads };
};

describe('a log of 1,000,000 finished and 10,000 open transfers', () => {
  it('costs neither time nor memory at a start, nor a query; its read models are rebuilt at half the speed of reading', async () => {
    const [empty, few, full] = [await preparePair(), await preparePair(), await startPair()];
    try {
      const none = await starts(empty.dmz);
      await fillLog(await openLogOf(few.dmz), 10_000, 100);
      await few.dmz.start({ within });
      const fewPage = await firstPage(few.dmz);
      await few.dmz.stop();

      // It knows its channels now, and goes on without inner.
      await full.inner.stop();
      await full.dmz.stop();
      const filling = performance.now();
      await fillLog(await openLogOf(full.dmz), many.finished, many.open);
      const building = performance.now();
      await full.dmz.start({ within });
      const built = performance.now();
      // As a log of many days is; it was filled faster than it is sealed.
      await untilSealed(full.dmz, eventsIn(many.finished, many.open));
      await full.dmz.stop();
      const all = await starts(full.dmz);
      const alone = await readAlone(await openLogOf(full.dmz));
      await full.dmz.start({ within });
      const manyPage = await firstPage(full.dmz);
      const anew = await rebuild(full);
      const most = await residentBytes(full.dmz.pid());
      const again = await firstPage(full.dmz);
      console.log(
        JSON.stringify({
          ...{ transfers: many.finished + many.open, events: alone.events },
          seconds: { fill: (building - filling) / 1e3, build: (built - building) / 1e3 },
          ready: { empty: none.ms, many: all.ms },
          megabytes: { empty: none.bytes / MB, many: all.bytes / MB, rebuilt: most / MB },
          page: { few: fewPage, many: manyPage, afterRebuild: again },
          rebuild: { alone: alone.ms / 1e3, rebuild: anew.ms / 1e3, uploads: anew.uploads },
        }),
      );
      expect(all.ms).toBeLessThanOrEqual(none.ms * 1.2 + 1_000);
      expect(all.bytes - none.bytes).toBeLessThanOrEqual(100 * MB);
      expect(manyPage).toBeLessThanOrEqual(fewPage * 5);
      expect(anew.uploads).toBeGreaterThan(0);
      expect(anew.ms).toBeLessThanOrEqual(alone.ms * 2);
    } finally {
      for (const pair of [empty, few, full]) await pair.end();
    }
  }, 7_200_000);
});
