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
import { ordinalsIn, type Readable, segmentAt, segmentOf } from './segments.ts';
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

/** A segment that is not the last one any more, and where it has an event by its mark. */
type Place = { readonly segment: Segment; readonly ordinalOf: ReturnType<typeof ordinalsIn> };

/**
 * Makes it. The segment found last is looked in first: neighbours are mostly sealed together. Refuses events that are not sealed, or only in the last segment (where sealing goes on from), that are not as
 * they were sealed, and the audit's own. Repeated, it records the same again, which does no harm.
 */
export const recordingPurges = ({ eventLog, streams, signatures, ids, node }: RecordPurgeNeeds): RecordPurge => {
  let found: Place | undefined;
  return async (stream, keepFrom) => {
    if (/^(?:audit|purged)-/.test(stream)) return left(refusal('notPermitted', `${stream} is never purged`));
    let place = found;
    let events: Purge['events'] = [];
    const flush = async (): Promise<Either<Failure, void>> => {
      if (place === undefined || events.length === 0) return right(undefined);
      const content = { node, stream, segment: place.segment.n, events, certificate: signatures.certificate };
      events = [];
      const data = { ...content, signature: signatures.sign(purgeText(content)) };
      return streams.recordLocal(purgedStream(node), [{ type: eventsPurged, data }]);
    };
    const enter = async (event: LoggedEvent): Promise<Either<Failure | Refusal, void>> => {
      const segment = await segmentOf(eventLog, node, event);
      const where = `revision ${event.revision} of ${stream}`;
      if (segment === undefined || (await segmentAt(eventLog, node, segment.n + 1)) === undefined)
        return left(refusal('illegal', `${where} is not sealed yet, or only in the last segment`));
      const done = await flush();
      if (isLeft(done)) return done;
      place = { segment, ordinalOf: ordinalsIn(segment) };
      found = place;
      const isThere = place.ordinalOf(markOf(contentHash(event, ids.sha256))) !== undefined;
      return isThere ? right(undefined) : left(refusal('illegal', `${where} is not as it was sealed; verify the log`));
    };
    for await (const event of eventsBefore(eventLog, stream, keepFrom)) {
      const hash = contentHash(event, ids.sha256);
      if (place?.ordinalOf(markOf(hash)) === undefined) {
        const entered = await enter(event);
        if (isLeft(entered)) return entered;
      } else if (events.length === mostPurged) {
        const done = await flush();
        if (isLeft(done)) return done;
      }
      const ordinal = place?.ordinalOf(markOf(hash)) ?? 0;
      events.push({ ordinal, revision: String(event.revision), id: event.id, hash });
    }
    return flush();
  };
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
