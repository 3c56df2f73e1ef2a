/** Removes what a crash left behind: payloads without a record, and temporaries of deliveries that never were prepared. */
import { isLeft } from 'fp-ts/lib/Either.js';
import { belongsTo } from '../domain/payload.ts';
import type { Clock, Delivery, EventLog, Log, PayloadStore, Projection, ReadModels } from '../domain/ports.ts';
import { transferStream } from '../domain/transfer/event-id.ts';
import { uploadStream } from '../domain/upload.ts';
import type { TransferRecord } from '../projections/transfers.ts';
import type { HeldKeys } from './held-keys.ts';
import type { Streams } from './streams.ts';

/** What the sweep rests on. */
export type SweepNeeds = {
  readonly eventLog: EventLog;
  readonly models: ReadModels;
  readonly projection: Projection<TransferRecord>;
  readonly payloads: PayloadStore;
  readonly streams: Streams;
  readonly delivery: Delivery;
  readonly clock: Clock;
  readonly log: Log;
  readonly node: string;
  readonly held: HeldKeys;
  /** Directories into which this server delivers. */
  readonly directories: () => readonly string[];
};

const hour = 3_600_000;
const batchSize = 500;

/** An upload that was removed, or whose delivery turned out to be a repeat, needs its payload no more. */
const ends = new Set(['uploadExpired', 'uploadDelivered']);

/** Sweeps payloads once: own node's keys that neither a transfer nor an upload knows and that are not being written. */
export const sweepPayloads = async (needs: SweepNeeds, signal: AbortSignal): Promise<number> => {
  let swept = 0;
  let batch: string[] = [];
  for await (const { key } of needs.payloads.list(needs.node)) {
    if (signal.aborted) return swept;
    batch.push(key);
    if (batch.length < batchSize) continue;
    swept += await sweepBatch(needs, batch);
    batch = [];
  }
  swept += await sweepBatch(needs, batch);
  if (swept > 0) needs.log.info('swept payloads without a record', { swept });
  return swept;
};

const sweepBatch = async (needs: SweepNeeds, keys: readonly string[]): Promise<number> => {
  const known = await needs.models.get(needs.projection, keys.map(belongsTo))();
  if (isLeft(known)) return 0;
  let swept = 0;
  for (const key of keys.filter((each) => !known.right.has(belongsTo(each))))
    await needs.held.unlessHeld(key, async () => {
      if (await isKnown(needs, belongsTo(key))) return;
      const removed = await needs.payloads.remove(key)();
      if (!isLeft(removed)) swept += 1;
    });
  return swept;
};

/** What the log says: the rows may not have come so far yet. The upload first: it may become a transfer meanwhile. */
const isKnown = async (needs: SweepNeeds, id: string): Promise<boolean> => {
  const upload = await needs.eventLog.readStream(uploadStream(id))();
  if (isLeft(upload)) return true;
  if (upload.right.length > 0 && !upload.right.some((event) => ends.has(event.type))) return true;
  const transfer = await needs.eventLog.readStream(transferStream(id), { limit: 1 })();
  return isLeft(transfer) || transfer.right.length > 0;
};

/** Sweeps temporaries of ours in the delivery directories that are not the open `prepared` of a transfer of ours. */
export const sweepTemporaries = async (needs: SweepNeeds): Promise<number> => {
  let swept = 0;
  for (const directory of needs.directories()) {
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

/** Sweeps now and hourly, beside the running server, one thing after the other; answers the means to stop. */
export const keepSweeping = (
  { clock, log }: Pick<SweepNeeds, 'clock' | 'log'>,
  sweeps: readonly ((signal: AbortSignal) => Promise<unknown>)[],
): (() => Promise<void>) => {
  const stopping = new AbortController();
  let cancel: () => void = () => undefined;
  let running: Promise<void> = Promise.resolve();
  const sweepAll = async (): Promise<void> => {
    for (const each of sweeps)
      await each(stopping.signal).catch((error: unknown) => log.error('the sweep failed', { error: String(error) }));
  };
  const sweep = (): void => {
    running = sweepAll().then(() => {
      if (!stopping.signal.aborted) cancel = clock.after(hour, sweep);
    });
  };
  sweep();
  return () => {
    stopping.abort();
    cancel();
    return running;
  };
};
