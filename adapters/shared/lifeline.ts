import { type Failure, failing, temporary } from '../../domain/failure.ts';
import type { Clock } from '../../domain/ports.ts';

/** The life of a connection: it ends once, and the first reason is the failure of all that waits for it, now and later. */
export type Lifeline = {
  readonly end: (failure: Failure) => void;
  /** Why it ended, once it has. */
  readonly why: () => Failure | undefined;
  /** Calls back at the end, or at once where it is over; answers how to forget that. */
  readonly whenOver: (callback: () => void) => () => void;
  /** Waits for something, but no longer than so many milliseconds, and not beyond the end. */
  readonly within: <A>(milliseconds: number, late: Failure, running: Promise<A>) => Promise<A>;
};

/** Begins a life; `onEnd` is called once, to close whatever lives by it. */
export const lifeline = (clock: Clock, onEnd: () => void): Lifeline => {
  const waiting = new Set<() => void>();
  let reason: Failure | undefined;
  const end = (failure: Failure): void => {
    if (reason !== undefined) return;
    reason = failure;
    onEnd();
    const all = [...waiting];
    waiting.clear();
    for (const over of all) over();
  };
  return {
    end,
    why: () => reason,
    whenOver: (callback) => {
      if (reason === undefined) waiting.add(callback);
      else callback();
      return () => waiting.delete(callback);
    },
    // Not a race with a promise that lives as long as the connection: that would keep every result.
    within: (milliseconds, late, running) =>
      new Promise((resolve, reject) => {
        if (reason !== undefined) {
          running.catch(() => undefined);
          reject(failing(reason));
          return;
        }
        const over = (): void => reject(failing(reason ?? closed));
        waiting.add(over);
        const cancel = clock.after(milliseconds, () => {
          end(late);
        });
        running.then(resolve, reject).finally(() => {
          cancel();
          waiting.delete(over);
        });
      }),
  };
};

/** The failure of what was going on when the connection was closed on our side. */
export const closed = temporary('closed', 'the session was closed');
