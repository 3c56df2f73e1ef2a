/** Purges the events of finished transfers once their time is over: recorded in the chain, hidden in the log, gone from the views. */
import { isLeft } from 'fp-ts/lib/Either.js';
import type { Clock, EventLog, Log, Projection, ReadModels } from '../domain/ports.ts';
import { mayGo, type Retention } from '../domain/retention.ts';
import { transferStream } from '../domain/transfer/event-id.ts';
import { uploadStream } from '../domain/upload.ts';
import { auditProjection } from '../projections/audit.ts';
import type { TransferRecord } from '../projections/transfers.ts';
import { clockIsSteady } from './clock-jump.ts';
import type { Projector } from './projector.ts';
import type { RecordPurge } from './record-purge.ts';
import type { Streams } from './streams.ts';
import { orThrow } from './unwrap.ts';

/** What it rests on. */
export type RetireNeeds = {
  readonly eventLog: Pick<EventLog, 'setRetention'>;
  readonly models: Pick<ReadModels, 'query'>;
  readonly projection: Projection<TransferRecord>;
  readonly projector: Projector;
  readonly streams: Streams;
  readonly recordPurge: RecordPurge;
  readonly clock: Clock;
  readonly log: Log;
  readonly retention: Retention;
};

const page = 200;
/** More than any stream has. */
const everything = 2n ** 62n;

/** Makes the sweep; there is none where events are kept for ever. */
export const retiring = (needs: RetireNeeds): readonly ((signal: AbortSignal) => Promise<void>)[] => {
  const { events: keepFor } = needs.retention;
  const isSteady = clockIsSteady(needs.clock);
  return keepFor === undefined ? [] : [(signal) => retire(needs, keepFor, isSteady, signal)];
};

const retire = async (
  needs: RetireNeeds,
  keepFor: number,
  isSteady: () => boolean,
  signal: AbortSignal,
): Promise<void> => {
  const { models, projection, clock, log } = needs;
  let retired = 0;
  let after: readonly [number, string] | undefined;
  const to = clock.now() - keepFor;
  const stopped = (): boolean => signal.aborted;
  while (!stopped()) {
    if (!isSteady()) {
      log.alarm('the clock was set: no events are purged until it is right, or this server is started again');
      break;
    }
    const where = { createdAt: { to } };
    const rows = orThrow(
      await models.query(projection, { where, orderBy: 'createdAt', limit: page, ...(after && { after }) })(),
    );
    for (const row of rows) {
      if (stopped()) break;
      if (mayGo(row, keepFor, clock.now()) && (await retireOne(needs, row.id))) retired += 1;
    }
    const last = rows.at(-1);
    if (last === undefined || rows.length < page) break;
    after = [last.createdAt, last.id];
  }
  if (retired > 0) log.info('purged the events of finished transfers', { transfers: retired });
};

/** Its last event stays: it tells whoever comes with an old one that there was such a transfer. False where it is too early. */
const retireOne = async ({ streams, projector, projection, ...needs }: RetireNeeds, id: string): Promise<boolean> => {
  const last = await lastRevision(streams, id);
  if (last !== undefined && !(await purged(needs, transferStream(id), last))) return false;
  if (!(await purged(needs, uploadStream(id), everything))) return false;
  await projector.mark(auditProjection, uploadStream(id), () => undefined);
  await projector.mark(projection, id, () => undefined);
  return true;
};

/** Undefined where its events were purged before. */
const lastRevision = async (streams: Streams, id: string): Promise<bigint | undefined> => {
  const events = await streams.events(id);
  if (isLeft(events) && events.left.code === 'retired') return undefined;
  return BigInt(orThrow(events).length - 1);
};

/** False where it is not sealed yet, or not as it was sealed. */
const purged = async (
  { recordPurge, eventLog, log }: Pick<RetireNeeds, 'recordPurge' | 'eventLog' | 'log'>,
  stream: string,
  keepFrom: bigint,
): Promise<boolean> => {
  const recorded = await recordPurge(stream, keepFrom);
  if (isLeft(recorded)) {
    log.debug('events are not purged', { stream, why: recorded.left.text });
    return false;
  }
  orThrow(await eventLog.setRetention(stream, { keepFrom })());
  return true;
};
