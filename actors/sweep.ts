/** Removes what a crash left behind: payloads without a record, and temporaries of deliveries that never were prepared. */
import { isLeft } from 'fp-ts/lib/Either.js';
import { belongsTo } from '../domain/payload.ts';
import type { Clock, Delivery, EventLog, Log, PayloadStore } from '../domain/ports.ts';
import { transferStream } from '../domain/transfer/event-id.ts';
import { uploadStream } from '../domain/upload.ts';
import type { Streams } from './streams.ts';

/** What the sweep rests on. `open` are the payloads that this process is writing. */
export type SweepNeeds = {
  readonly eventLog: EventLog;
  readonly payloads: PayloadStore;
  readonly streams: Streams;
  readonly delivery: Delivery;
  readonly clock: Clock;
  readonly log: Log;
  readonly node: string;
  readonly open: ReadonlySet<string>;
  /** Directories into which this server delivers. */
  readonly directories: readonly string[];
};

const hour = 3_600_000;

/** Sweeps payloads once: own node's keys that neither a transfer nor an upload knows and that are not being written. */
export const sweepPayloads = async (needs: SweepNeeds): Promise<number> => {
  let swept = 0;
  for await (const { key } of needs.payloads.list(needs.node)) {
    if (needs.open.has(key)) continue;
    if (await isKnown(needs, belongsTo(key))) continue;
    if (needs.open.has(key)) continue;
    const removed = await needs.payloads.remove(key)();
    if (!isLeft(removed)) swept += 1;
  }
  if (swept > 0) needs.log.info('swept payloads without a record', { swept });
  return swept;
};

const isKnown = async (needs: SweepNeeds, id: string): Promise<boolean> => {
  for (const stream of [transferStream(id), uploadStream(id)]) {
    const events = await needs.eventLog.readStream(stream, { limit: 1 })();
    if (isLeft(events) || events.right.length > 0) return true;
  }
  return false;
};

/** Sweeps temporaries of ours in the delivery directories that are not the open `prepared` of a transfer of ours. */
export const sweepTemporaries = async (needs: SweepNeeds): Promise<number> => {
  let swept = 0;
  for (const directory of needs.directories) {
    const names = await needs.delivery.temporaries(directory)();
    if (isLeft(names)) continue;
    for (const name of names.right) {
      const loaded = await needs.streams.load(name.split('.')[1] ?? '');
      if (isLeft(loaded) || loaded.right === undefined) continue;
      const { transfer, ended } = loaded.right;
      if (!ended && transfer.prepared?.temporary === name) continue;
      const removed = await needs.delivery.unlink(directory, name)();
      if (!isLeft(removed)) swept += 1;
    }
  }
  if (swept > 0) needs.log.info('swept temporaries of deliveries', { swept });
  return swept;
};

/** Sweeps payloads hourly; answers the means to stop. */
export const sweepHourly = (needs: SweepNeeds): (() => void) => {
  let cancel: () => void = () => undefined;
  const next = () => {
    cancel = needs.clock.after(hour, () => {
      void sweepPayloads(needs)
        .catch((error: unknown) => needs.log.error('the sweep failed', { error: String(error) }))
        .finally(next);
    });
  };
  next();
  return () => cancel();
};
