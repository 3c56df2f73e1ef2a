/** The event log in EventStoreDB: one server or a cluster, which many logs may share. */
import { isLeft, left, right } from 'fp-ts/lib/Either.js';
import type { Clock, Expected, Log, LoggedEvent, NewEvent } from '../../domain/ports.ts';
import { faultPoint } from '../shared/fault-point.ts';
import { credits } from './credits.ts';
import { appendNothing, appendOnce, earlier } from './eventstoredb-append.ts';
import { failureOf, openCalls, type Patience } from './eventstoredb-calls.ts';
import { followAll } from './eventstoredb-follow.ts';
import { storePositionOf, unpackFrom } from './eventstoredb-names.ts';
import { eventsOf } from './eventstoredb-reads.ts';
import { hiddenIn, hideBefore } from './eventstoredb-retention.ts';
import { subscribe } from './eventstoredb-subscription.ts';
import type { MovableLog } from './movable.ts';
import { bytesOf, largestEvent, pack } from './packing.ts';

/** A log in EventStoreDB. `prefix` begins the names of all its streams there: two logs of one prefix would be one. */
export type EventStoreLog = {
  readonly connectionString: string;
  readonly prefix: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly patience?: Patience;
};

/** A node that is elected anew in a cluster is waited for, less long a server that is not there. */
const usualPatience: Patience = { tryFor: 5_000, goOnFor: 15_000, absentFor: 4_000 };
/** A server that looks through the events of others says nothing meanwhile. */
const longestSilence = 30_000;
/** Appends that may be on their way at once; a server takes 100 calls over one connection. */
const callLimit = { events: 64, bytes: 16 * 1024 ** 2 };
const mostEvents = 10_000;
const highestRevision = 2n ** 63n - 1n;
const mostDoubtful = 10_000;

/** Opens the log; whether the server is there turns out with the first call. */
export const eventStoreDb = ({
  connectionString,
  prefix,
  clock,
  log,
  patience = usualPatience,
}: EventStoreLog): MovableLog => {
  const calls = openCalls(connectionString, patience, clock);
  const slots = credits(callLimit);
  const tries = { tryFor: patience.tryFor, clock };
  const silence = Math.max(patience.tryFor, longestSilence);
  /** First ids of appends without an exact revision whose outcome nobody knows. */
  const doubtful = new Set<string>();

  const append = async (stream: string, events: readonly NewEvent[], bytes: number, expected: Expected) => {
    const exact = typeof expected === 'bigint' || expected === 'noStream';
    const [first] = events;
    const name = prefix + stream;
    if (first === undefined) {
      const done = await calls.run((client) => appendNothing(client, name, expected, tries), { writes: false });
      if (isLeft(done)) return done;
      return done.right === undefined
        ? left(failureOf('conflict', `${stream}: the stream is not at ${expected}`))
        : right(done.right);
    }
    const amount = { events: 1, bytes };
    const asked = clock.monotonic();
    await slots.take(amount);
    try {
      const goOnFor = Math.max(0, patience.goOnFor - (clock.monotonic() - asked));
      const done = await calls.run(
        async (client, again) => {
          const before =
            !exact && (again || doubtful.has(first.id)) ? await earlier(client, name, events, tries) : undefined;
          return before ?? (await appendOnce(client, name, events, expected, tries));
        },
        { writes: true, goOnFor },
      );
      faultPoint('log.answer.after');
      doubtful.delete(first.id);
      if (isLeft(done) && done.left.code === 'outcomeUnknown' && !exact) remember(doubtful, first.id);
      return done;
    } finally {
      slots.give(amount);
    }
  };

  /** All events after a position, until the server says that there are no more, or there are enough. */
  const readAll = async (
    client: Parameters<typeof subscribe>[0],
    of: { readonly prefix: string; readonly after?: string | undefined; readonly limit?: number },
  ) => {
    const { prefix, after, limit = Number.POSITIVE_INFINITY } = of;
    const subscribed = subscribe(client, { prefix, after, silence, clock });
    const events: LoggedEvent[] = [];
    try {
      while (events.length < limit) {
        const item = await subscribed.next();
        if (item.kind === 'caughtUp') break;
        if (item.kind === 'events') events.push(...item.events);
      }
      return events.slice(0, limit);
    } finally {
      subscribed.end();
    }
  };

  return {
    append:
      (stream, events, { expected }) =>
      async () => {
        const bytes = bytesIn(events);
        if (events.length > mostEvents || bytes > largestEvent)
          return left(
            failureOf(
              'tooLarge',
              `the append to ${stream} has more than ${mostEvents} events or ${largestEvent} bytes`,
            ),
          );
        if (typeof expected === 'bigint' && (expected < -1n || expected > highestRevision))
          return left(failureOf('conflict', `${stream}: expected was ${expected}`));
        return append(stream, events, bytes, expected);
      },
    readStream:
      (stream, { from = 0n, limit = Number.MAX_SAFE_INTEGER } = {}) =>
      () =>
        from > highestRevision || limit <= 0
          ? Promise.resolve(right([]))
          : calls.run(
              async (client) => {
                const fromRevision = from < 0n ? 0n : from;
                const maxCount = Math.min(limit, Number.MAX_SAFE_INTEGER);
                const read = client.readStream(prefix + stream, { fromRevision, maxCount, requiresLeader: true });
                const events = await eventsOf(read, patience.tryFor, clock);
                return events.map((each) => unpackFrom(prefix, each)).filter((each) => each !== undefined);
              },
              { writes: false },
            ),
    readAll: ({ after, limit = 1_000 } = {}) => {
      if (after !== undefined) storePositionOf(after);
      return () => calls.run((client) => readAll(client, { prefix, after, limit }), { writes: false });
    },
    follow: (after, signal) => followAll({ calls, prefix, silence, clock, log }, after, signal),
    setRetention:
      (stream, { keepFrom }) =>
      () =>
        calls.run((client) => hideBefore(client, prefix + stream, keepFrom, tries), { writes: true }),
    hidden: () => () =>
      calls.run(async (client) => hiddenIn(await readAll(client, { prefix: `$$${prefix}` })), { writes: false }),
    together: 1,
    close: () => calls.close(),
  };
};

const bytesIn = (events: readonly NewEvent[]): number => events.reduce((sum, event) => sum + bytesOf(pack(event)), 0);

const remember = (known: Set<string>, id: string): void => {
  known.add(id);
  const oldest = known.size > mostDoubtful ? known.values().next().value : undefined;
  if (oldest !== undefined) known.delete(oldest);
};
