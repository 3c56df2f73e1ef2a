/** The chained events of a log one by one, with a look at those that come next; a bounded number of them in memory. */

import { auditStream, type Sha256 } from '../domain/chain.ts';
import { type Found, foundEvent } from '../domain/chain-check.ts';
import type { LoggedEvent, Position } from '../domain/ports.ts';
import type { Readable } from './segments.ts';
import { orThrow } from './unwrap.ts';

/** The rest of a log. */
export type Chained = {
  /** The next events, at least so many where there are. */
  look(count: number): Promise<readonly Found[]>;
  /** Takes the next one. */
  take(): void;
};

const page = 1_000;

/** The chained events of a node's log, from its beginning. An event that cannot be read stops it: `look` throws what names it. */
export const chainedEvents = (log: Readable, node: string, sha256: Sha256): Chained => {
  let ahead: Found[] = [];
  let taken = 0;
  let after: Position | undefined;
  let ended = false;
  let failure: Error | undefined;

  const read = async (limit: number): Promise<readonly LoggedEvent[]> => orThrow(await log.readAll({ after, limit })());
  /** One by one where a page cannot be read, so that all that stands before the place is looked at. */
  const next = async (): Promise<readonly LoggedEvent[]> => {
    try {
      return await read(page);
    } catch (error) {
      const one = await read(1);
      if (one.length === 0) throw error;
      return one;
    }
  };
  const more = async (): Promise<void> => {
    const events = await next();
    ended = events.length === 0;
    after = events.at(-1)?.position ?? after;
    const chained = events.filter((event) => event.stream !== auditStream(node));
    ahead = [...ahead.slice(taken), ...chained.map((event) => foundEvent(event, sha256))];
    taken = 0;
  };
  return {
    look: async (count) => {
      while (!ended && failure === undefined && ahead.length - taken < count)
        await more().catch((error: unknown) => {
          failure = error instanceof Error ? error : new Error(String(error));
        });
      // What stands before it comes first.
      if (failure !== undefined && ahead.length === taken) throw failure;
      return count === 1 ? ahead.slice(taken, taken + 1) : ahead.slice(taken);
    },
    take: () => {
      taken += 1;
    },
  };
};
