import type { Clock } from '../../domain/ports.ts';

/** Waits so many milliseconds, or until the signal aborts. */
export const pause = (clock: Clock, milliseconds: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      cancel();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const cancel = clock.after(signal.aborted ? 0 : milliseconds, done);
    signal.addEventListener('abort', done);
  });
