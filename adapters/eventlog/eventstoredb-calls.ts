/** Calls to EventStoreDB: tried again while that can help, over a fresh connection. */
import { type Either, left, right } from 'fp-ts/lib/Either.js';
import { type LogFailure, permanent, temporary } from '../../domain/failure.ts';
import type { Clock } from '../../domain/ports.ts';
import { backoff } from '../shared/backoff.ts';
import { pause } from '../shared/pause.ts';
import { closeClient, type EventStoreClient, openClient } from './eventstoredb-client.ts';
import { masked, meaningOf, TimedOut, textOf } from './eventstoredb-errors.ts';

/**
 * How long to wait, in milliseconds: for one try; for all tries of a call; and for those of one to which nobody was ever
 * there to answer: whoever waits is told so sooner.
 */
export type Patience = { readonly tryFor: number; readonly goOnFor: number; readonly absentFor: number };

/** One try of a call, which must end by itself. `doubtful`: an earlier one may have written. */
export type Try<A> = (client: EventStoreClient, doubtful: boolean) => Promise<A>;

/** The calls of a log. */
export type Calls = {
  /** Calls until it succeeds or nothing more can be hoped for. */
  run<A>(
    once: Try<A>,
    options: { readonly writes: boolean; readonly goOnFor?: number },
  ): Promise<Either<LogFailure, A>>;
  /** The present client; whoever saw it fail asks for a fresh one. */
  readonly client: () => EventStoreClient;
  readonly renew: (failed: EventStoreClient) => void;
  /** Aborts once the log is closed. */
  readonly closed: AbortSignal;
  /** Lets the tries that are under way end, and makes no more. */
  close(): Promise<void>;
};

const [firstWait, longestWait] = [50, 2_000];

/** A failure of the port. */
export const failureOf = (code: LogFailure['code'], text: string): LogFailure => ({
  ...(code === 'unavailable' || code === 'outcomeUnknown' ? temporary(code, text) : permanent(code, text)),
  code,
});

/** Opens calls to the servers of a connection string. */
export const openCalls = (connectionString: string, { goOnFor, absentFor }: Patience, clock: Clock): Calls => {
  const closing = new AbortController();
  const running = new Set<Promise<unknown>>();
  let client = openClient(connectionString);
  const whole = masked(connectionString).replace(/\*\*\*@|\?.*$/g, '');
  /** When the server last answered. */
  let answered = Number.NEGATIVE_INFINITY;
  const renew = (failed: EventStoreClient): void => {
    if (failed !== client || closing.signal.aborted) return;
    closeClient(failed);
    client = openClient(connectionString);
  };

  const tryFor = async <A>(once: Try<A>, writes: boolean, most: number): Promise<Either<LogFailure, A>> => {
    const waits = backoff({ first: firstWait, most: longestWait, random: Math.random });
    const asked = clock.monotonic();
    for (let [doubtful, absent] = [false, true]; ; ) {
      if (closing.signal.aborted) return left(failureOf('unavailable', 'the event log is closed'));
      const used = client;
      const began = clock.monotonic();
      try {
        const result = await once(used, doubtful);
        answered = clock.monotonic();
        return right(result);
      } catch (error) {
        const meaning = meaningOf(error);
        if (meaning.kind === 'final') {
          const code = doubtful && meaning.code === 'unauthorized' ? 'outcomeUnknown' : meaning.code;
          return left(failureOf(code, `${whole}: ${textOf(error)}`));
        }
        if (meaning.renew === 'yes' || (meaning.renew === 'ifSilent' && answered < began)) renew(used);
        doubtful ||= meaning.kind === 'unknown' && writes;
        absent &&= meaning.kind === 'absent';
        const wait = waits.next();
        if (clock.monotonic() + wait >= asked + (absent ? Math.min(most, absentFor) : most))
          return left(
            failureOf(doubtful ? 'outcomeUnknown' : 'unavailable', `${whole} does not answer: ${textOf(error)}`),
          );
        await pause(clock, wait, closing.signal);
      }
    }
  };

  return {
    run: async (once, { writes, goOnFor: mine = goOnFor }) => {
      const call = tryFor(once, writes, mine);
      running.add(call);
      return call.finally(() => running.delete(call));
    },
    client: () => client,
    renew,
    closed: closing.signal,
    close: async () => {
      closing.abort();
      await Promise.allSettled(running);
      closeClient(client);
    },
  };
};

/** The promise, or `TimedOut` where it takes too long: then nobody hears of its end. */
export const within = async <A>(clock: Clock, milliseconds: number, promise: Promise<A>): Promise<A> => {
  let cancel: () => void = () => undefined;
  const late = new Promise<never>((_, reject) => {
    cancel = clock.after(milliseconds, () => reject(new TimedOut(`no answer within ${milliseconds} ms`)));
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    cancel();
  }
};
