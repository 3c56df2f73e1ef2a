import type { Clock } from '../../domain/ports.ts';

/** The longest delay that a timer of Node takes; a longer one would fire at once. */
const longest = 2 ** 31 - 1;

/** The machine's clock. Delays may have any length; one below zero is none. */
export const systemClock = (): Clock => ({
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after: (milliseconds, callback) => {
    const due = performance.now() + Math.max(0, milliseconds);
    let timer: NodeJS.Timeout;
    const wait = (): void => {
      const left = due - performance.now();
      // Rounded up: Node cuts fractions off, and would call back before the time.
      timer = left > longest ? setTimeout(wait, longest) : setTimeout(callback, Math.ceil(left));
    };
    wait();
    return () => {
      clearTimeout(timer);
    };
  },
});
