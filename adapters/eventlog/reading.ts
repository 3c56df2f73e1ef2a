/** How a log is read that is moved: as a whole, in its order, without what is hidden in it. */
import { createHash } from 'node:crypto';
import { type Either, isLeft } from 'fp-ts/lib/Either.js';
import { type Failure, failing, permanent, temporary } from '../../domain/failure.ts';
import type { LoggedEvent, NewEvent, Position } from '../../domain/ports.ts';
import type { LogContent } from '../shared/log-copy.ts';
import { copying, type MovableLog } from './movable.ts';

/** From which revision on each stream is kept; all of the others. */
export type Kept = ReadonlyMap<string, bigint>;

const page = 2_000;

/** The value, or the failure as an error. */
export const got = <A>(answer: Either<Failure, A>): A => {
  if (isLeft(answer)) throw failing(answer.left);
  return answer.right;
};

/** From which revision on a log keeps its streams, without that of the marks. Refuses a stream that was deleted. */
export const keptIn = async (log: MovableLog): Promise<Kept> => {
  const kept = new Map(got(await log.hidden()()));
  kept.delete(copying);
  for (const [stream, from] of kept)
    if (from > BigInt(Number.MAX_SAFE_INTEGER))
      throw failing(
        permanent('streamDeleted', `the stream ${stream} was deleted in EventStoreDB; it cannot be copied`),
      );
  return kept;
};

/** The events after a position, in the order of the log. Throws where the signal aborts. */
export const eventsIn = async function* (
  log: MovableLog,
  kept: Kept,
  signal: AbortSignal,
  start?: Position,
): AsyncGenerator<LoggedEvent, void, undefined> {
  for (let after = start; ; ) {
    if (signal.aborted) throw failing(temporary('stopped', 'it was stopped'));
    const events = got(await log.readAll({ after, limit: page })());
    for (const event of events) if (event.revision >= (kept.get(event.stream) ?? 0n)) yield event;
    if (events.length < page) return;
    after = events.at(-1)?.position;
  }
};

/** All that an event is, whichever log it stands in. */
export const textOf = ({ stream, revision, id, type, data, metadata }: LoggedEvent): string =>
  JSON.stringify([stream, String(revision), id, type, data, metadata]);

/** An event as it is appended. */
export const newEvent = ({ id, type, data, metadata }: LoggedEvent): NewEvent => ({ id, type, data, metadata });

/** Reads a log to its end; `progress` is told the count. */
export const contentOf = async (
  events: AsyncIterable<LoggedEvent>,
  progress: (done: number) => void,
): Promise<LogContent> => {
  const hash = createHash('sha256');
  let count = 0;
  for await (const event of events) {
    count += 1;
    hash.update(`${count} ${textOf(event)}\n`);
    progress(count);
  }
  return { events: count, sha256: hash.digest('hex') };
};
