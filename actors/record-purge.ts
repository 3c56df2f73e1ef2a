/** The door through which whatever purges events has to go first: what the chain holds of them is recorded, signed. */
import { type Either, isLeft, left, right } from 'fp-ts/lib/Either.js';
import {
  contentHash,
  eventsPurged,
  markOf,
  mostPurged,
  type Purge,
  purgedStream,
  purgeText,
  type Segment,
} from '../domain/chain.ts';
import { type Failure, type Refusal, refusal } from '../domain/failure.ts';
import type { Ids, LoggedEvent, Signatures } from '../domain/ports.ts';
import { lastSegment, ordinalsIn, type Readable, segmentOf } from './segments.ts';
import type { Streams } from './streams.ts';
import { orThrow } from './unwrap.ts';

/** What recording purges rests on. */
export type RecordPurgeNeeds = {
  readonly eventLog: Readable;
  readonly streams: Pick<Streams, 'recordLocal'>;
  readonly signatures: Signatures;
  readonly ids: Pick<Ids, 'sha256'>;
  readonly node: string;
};

/** Records the events of a stream before a revision; once it has answered well they may be purged. */
export type RecordPurge = (stream: string, keepFrom: bigint) => Promise<Either<Failure | Refusal, void>>;

/**
 * Makes it. Refuses events that are not sealed, or only in the last segment (where sealing goes on from), that are not as
 * they were sealed, and the audit's own. Repeated, it records the same again, which does no harm.
 */
export const recordingPurges =
  ({ eventLog, streams, signatures, ids, node }: RecordPurgeNeeds): RecordPurge =>
  async (stream, keepFrom) => {
    if (/^(?:audit|purged)-/.test(stream)) return left(refusal('notPermitted', `${stream} is never purged`));
    const last = await lastSegment(eventLog, node);
    let segment: Segment | undefined;
    let ordinalOf: ReturnType<typeof ordinalsIn> = () => undefined;
    let events: Purge['events'] = [];
    const flush = async (): Promise<Either<Failure, void>> => {
      if (segment === undefined || events.length === 0) return right(undefined);
      const content = { node, stream, segment: segment.n, events, certificate: signatures.certificate };
      events = [];
      const data = { ...content, signature: signatures.sign(purgeText(content)) };
      return streams.recordLocal(purgedStream(node), [{ type: eventsPurged, data }]);
    };
    const enter = async (event: LoggedEvent): Promise<Either<Failure | Refusal, void>> => {
      const its = await segmentOf(eventLog, node, event);
      const where = `revision ${event.revision} of ${stream}`;
      if (its === undefined || its.n === last?.n)
        return left(refusal('illegal', `${where} is not sealed yet, or only in the last segment`));
      const done = await flush();
      if (isLeft(done)) return done;
      [segment, ordinalOf] = [its, ordinalsIn(its)];
      const isThere = ordinalOf(markOf(contentHash(event, ids.sha256))) !== undefined;
      return isThere ? right(undefined) : left(refusal('illegal', `${where} is not as it was sealed; verify the log`));
    };
    for await (const event of eventsBefore(eventLog, stream, keepFrom)) {
      const hash = contentHash(event, ids.sha256);
      if (ordinalOf(markOf(hash)) === undefined || events.length === mostPurged) {
        const entered = await enter(event);
        if (isLeft(entered)) return entered;
      }
      events.push({ ordinal: ordinalOf(markOf(hash)) ?? 0, revision: String(event.revision), id: event.id, hash });
    }
    return flush();
  };

const page = 500;

async function* eventsBefore(log: Readable, stream: string, end: bigint): AsyncGenerator<LoggedEvent, void, undefined> {
  for (let from = 0n; ; ) {
    const events = orThrow(await log.readStream(stream, { from, limit: page })());
    for (const event of events) {
      if (event.revision >= end) return;
      yield event;
    }
    const last = events.at(-1);
    if (last === undefined) return;
    from = last.revision + 1n;
  }
}
