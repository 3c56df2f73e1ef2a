/**
 * Seals this server's log: a signed segment every so many events, or so long after the first that is not sealed. It reads
 * them then, many at a time, and so costs nothing while they are recorded. On any trouble it waits and goes on from the
 * last segment that stands in the log.
 */
import {
  auditStream,
  closed,
  contentHash,
  extended,
  mostSealed,
  openAfter,
  segmentSealed,
  segmentText,
  statedHash,
} from '../domain/chain.ts';
import type { Clock, EventLog, Ids, Live, Log, LoggedEvent, Position, Signatures } from '../domain/ports.ts';
import { pause } from './pause.ts';
import { endOf, lastSegment } from './segments.ts';
import type { Streams } from './streams.ts';
import { orThrow } from './unwrap.ts';

/** What sealing rests on. */
export type SealNeeds = {
  readonly eventLog: EventLog;
  readonly streams: Pick<Streams, 'recordAt'>;
  readonly signatures: Signatures;
  readonly ids: Pick<Ids, 'sha256'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly node: string;
  /** What is recorded, as it is. */
  readonly batches: Live<readonly LoggedEvent[]>;
  /** Called after each segment. */
  readonly sealed: () => void;
};

/** When a segment is sealed: after so many events (at most `mostSealed`), or so many milliseconds after its first. */
export type SealLimits = { readonly events: number; readonly after: number };

/** Sealing, under way. `stop` seals what there is, as far as that can be done at once. */
export type Sealing = { stop(): Promise<void> };

const usual: SealLimits = { events: mostSealed, after: 60_000 };
const firstWait = 500;
const longestWait = 30_000;
/** Tries in a row after which a person hears of it. */
const patience = 5;
const page = 1_000;

/** Starts sealing; what was not sealed before its start is sealed with what comes in its first minute. */
export const sealLog = (needs: SealNeeds, limits: SealLimits = usual): Sealing => {
  const { clock, log, node } = needs;
  const stopping = new AbortController();
  const calls = callsFor(needs, limits, stopping.signal);
  let failures = 0;
  const sealed = (): void => {
    if (failures >= patience) log.info('the event log is sealed again', { node });
    failures = 0;
    needs.sealed();
  };
  const run = async (): Promise<void> => {
    let sealer: Sealer | undefined;
    for (let [again, over] = [false, false]; !over; ) {
      const whole = again || (await calls.next());
      over = stopping.signal.aborted;
      try {
        sealer ??= await openSealer({ ...needs, sealed }, limits.events);
        await sealer(whole, stopping.signal);
        again = false;
      } catch (error) {
        [sealer, again] = [undefined, true];
        failures += 1;
        const why = error instanceof Error ? error.message : String(error);
        if (failures === patience) log.alarm('the event log cannot be sealed; it is tried again', { node, why });
        await pause(clock, Math.min(firstWait * 2 ** failures, longestWait), stopping.signal);
      }
    }
  };
  const running = run();
  return {
    stop: async () => {
      stopping.abort();
      await running;
      calls.end();
    },
  };
};

/** When there is something to seal: `next` answers true where it is to be sealed to its end, false where there are enough events. */
const callsFor = ({ batches, clock, node }: SealNeeds, limits: SealLimits, stop: AbortSignal) => {
  let waiting = 0;
  let isTime = false;
  let look: () => void = () => undefined;
  const time = (): void => {
    isTime = true;
    look();
  };
  let cancel: (() => void) | undefined = clock.after(limits.after, time);
  const heard = batches.subscribe((events) => {
    waiting += events.filter((event) => event.stream !== auditStream(node)).length;
    if (waiting === 0) return;
    cancel ??= clock.after(limits.after, time);
    look();
  });
  stop.addEventListener('abort', () => look(), { once: true });
  const next = (): Promise<boolean> =>
    new Promise((resolve) => {
      look = () => {
        const whole = isTime || stop.aborted;
        if (!whole && waiting < limits.events) return;
        look = () => undefined;
        waiting %= limits.events;
        if (whole) {
          waiting = 0;
          isTime = false;
          cancel?.();
          cancel = undefined;
        }
        resolve(whole);
      };
      look();
    });
  const end = (): void => {
    cancel?.();
    heard.unsubscribe();
  };
  return { next, end };
};

/** Seals everything after the last segment, or (not `whole`) of that only what makes segments of so many events. */
type Sealer = (whole: boolean, stop: AbortSignal) => Promise<void>;

const openSealer = async (needs: SealNeeds, most: number): Promise<Sealer> => {
  const { eventLog, signatures, clock, node } = needs;
  const { sha256 } = needs.ids;
  const before = await lastSegment(eventLog, node);
  let open = openAfter(before, sha256);
  let reached: Position | undefined = before && (await endOf(eventLog, before));
  let last: LoggedEvent | undefined;

  const close = async (): Promise<void> => {
    if (last === undefined) return;
    const content = closed(open, last, { node, at: clock.now(), certificate: signatures.certificate });
    const segment = { ...content, signature: signatures.sign(segmentText(content)) };
    const fact = { type: segmentSealed, data: segment };
    orThrow(await needs.streams.recordAt(auditStream(node), BigInt(segment.n - 1), fact));
    open = openAfter(segment, sha256);
    last = undefined;
    needs.sealed();
  };
  const take = async (event: LoggedEvent): Promise<void> => {
    reached = event.position;
    if (event.stream === auditStream(node)) return;
    const { stream, id } = event;
    open = extended(open, { stream, id, hash: statedHash(event) ?? contentHash(event, sha256) }, sha256);
    last = event;
    if (open.count >= most) await close();
  };
  return async (whole, stop) => {
    // A server that stops waits for one segment at most.
    for (let pages = 0; !stop.aborted || pages < most / page; pages += 1) {
      const events = orThrow(await eventLog.readAll({ after: reached, limit: page })());
      for (const event of events) await take(event);
      if (events.length < page) break;
    }
    if (whole) await close();
  };
};
