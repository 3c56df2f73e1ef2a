/** A log with a server's sealing on it, fed with events by hand. */
import { isLeft } from 'fp-ts/lib/Either.js';
import { Subject } from 'rxjs';
import { type SealLimits, sealLog } from '../../actors/seal-log.ts';
import { openStreams } from '../../actors/streams.ts';
import { auditStream, type Segment, segment } from '../../domain/chain.ts';
import type { EventLog, Log, LoggedEvent } from '../../domain/ports.ts';
import type { Role } from '../../domain/role.ts';
import { countedIds, manualClock } from './manual-clock.ts';
import { memoryEventLog } from './memory-event-log.ts';
import { memorySignatures } from './memory-signatures.ts';
import { succeeded } from './outcome.ts';

/** What may be other than usual. */
export type Sealed = {
  readonly node?: string;
  readonly role?: Role;
  readonly limits?: SealLimits;
  readonly clock?: ReturnType<typeof manualClock>;
  readonly ids?: ReturnType<typeof countedIds>;
};

/** Starts sealing a log; `feed` appends so many events to a stream. */
export const sealedLog = (eventLog: EventLog, options: Sealed = {}) => {
  const { node = 'dmz-1', role = 'dmz', limits = { events: 5, after: 60_000 }, clock = manualClock() } = options;
  const ids = options.ids ?? countedIds();
  const alarms: string[] = [];
  const quiet = () => undefined;
  const log: Log = { debug: quiet, info: quiet, warn: quiet, error: quiet, alarm: (text) => alarms.push(text) };
  const streams = openStreams({ log: eventLog, clock, ids, role, node });
  const signatures = memorySignatures(node);
  let seals = 0;
  const sealed = (): void => {
    seals += 1;
  };
  const batches = new Subject<readonly LoggedEvent[]>();
  const sealing = sealLog({ eventLog, streams, signatures, ids, clock, log, node, batches, sealed }, limits);
  return {
    ...{ streams, signatures, ids, clock, log, alarms, node, eventLog },
    seals: () => seals,
    stop: sealing.stop,
    feed: async (stream: string, count: number): Promise<void> => {
      for (let i = 0; i < count; i += 1) {
        const done = await streams.recordLocal(stream, [{ type: 'counted', data: { n: i, note: `${stream} #${i}` } }]);
        if (isLeft(done)) throw new Error(done.left.text);
        batches.next((await succeeded(eventLog.readStream(stream))).slice(-1));
      }
    },
  };
};

/** The segments of a node, as they stand in a log. */
export const segmentsIn = async (log: EventLog, node: string): Promise<readonly Segment[]> =>
  (await succeeded(log.readStream(auditStream(node)))).map(({ data }) => segment.parse(data));

/** Some segments of a node. */
export const someSegments = async (node: string): Promise<readonly Segment[]> => {
  const eventLog = memoryEventLog();
  const server = sealedLog(eventLog, { node });
  await server.feed('run-1', 12);
  await server.stop();
  return segmentsIn(eventLog, node);
};
