import type { Followed } from '../../domain/ports.ts';
import type { risingHead } from './head.ts';
import { unpack } from './packing.ts';
import type { Page } from './protocol.ts';

/**
 * History and live as one: always read from the log itself, so nothing is queued for a slow reader, and the cut-over
 * is only a mark. It comes once all that stood in the log at the start was given.
 */
export const follow = async function* (
  head: ReturnType<typeof risingHead>,
  read: (after: number) => Promise<Page>,
  after: number,
  signal: AbortSignal,
): AsyncGenerator<Followed, void, undefined> {
  const history = head.now();
  let last = after;
  let caughtUp = false;
  const over = (): boolean => signal.aborted || head.closed();
  while (!over()) {
    if (!caughtUp && last >= history) {
      caughtUp = true;
      yield { kind: 'caughtUp' };
    } else if (last >= head.now()) {
      await head.beyond(last, signal);
    } else {
      const present = head.now();
      const page = await read(last).catch((error: unknown) => {
        if (over()) return undefined;
        throw error;
      });
      if (page === undefined || over()) return;
      // Where nothing more stands, what stood there was purged.
      last = page.events.at(-1)?.[0] ?? present;
      if (page.events.length > 0) yield { kind: 'events', events: page.events.map(unpack) };
    }
  }
};
