/** What the parts of the event log's contract share. */
import { randomUUID } from 'node:crypto';
import type { Either } from 'fp-ts/lib/Either.js';
import type { EventLog, Expected, Followed, LoggedEvent, NewEvent } from '../../domain/ports.ts';

/** A log under test. `reopen` closes it and opens it again. */
export type OpenedLog = {
  readonly log: EventLog;
  readonly reopen: () => Promise<EventLog>;
  readonly dispose: () => Promise<void>;
};

/** Where logs may differ. `refusesKnownIds`: an id is not taken twice in a stream, wherever it stands there. */
export type LogTraits = { readonly refusesKnownIds: boolean };

/** An event with an id of its own. */
export const event = (n: number, id: string = randomUUID()): NewEvent => ({
  id,
  type: 'counted',
  data: { n },
  metadata: { origin: 'test' },
});

/** The value, or an error with the failure in it. */
export const rightOf = <A>(either: Either<unknown, A>): A => {
  if (either._tag === 'Left') throw new Error(`failed: ${JSON.stringify(either.left)}`);
  return either.right;
};
/** The failure's code, or `none`. */
export const codeOf = (either: Either<{ readonly code: string }, unknown>): string =>
  either._tag === 'Left' ? either.left.code : 'none';
/** The `n` of each event. */
export const numbers = (events: readonly LoggedEvent[]): readonly unknown[] => events.map(({ data }) => data.n);

/** Takes from a follower until the condition holds. */
export const takeUntil = async (
  followed: AsyncIterable<Followed>,
  enough: (all: readonly LoggedEvent[], marks: number) => boolean,
): Promise<{ readonly events: readonly LoggedEvent[]; readonly markedAt: readonly number[] }> => {
  const events: LoggedEvent[] = [];
  const markedAt: number[] = [];
  for await (const each of followed) {
    if (each.kind === 'events') events.push(...each.events);
    else markedAt.push(events.length);
    if (enough(events, markedAt.length)) break;
  }
  return { events, markedAt };
};

/** Appends to the log under test. */
export const appendTo = (log: EventLog, stream: string, events: readonly NewEvent[], expected: Expected) =>
  log.append(stream, events, { expected })();
/** A signal that never aborts. */
export const never = new AbortController().signal;
