/** A bound on what costs a client nothing and us something: pings, settings, requests that it takes back. */
import type { Clock } from '../../domain/ports.ts';

/** Counts one. */
export type Count = () => void;

/** So many there may be, and so many more for each second since. */
const [burst, aSecond] = [200, 10];

/** Makes a counter; `act` is called where there were too many, each time. */
export const floodgate = (clock: Clock, act: () => void): Count => {
  let [left, last] = [burst, clock.monotonic()];
  return () => {
    const now = clock.monotonic();
    left = Math.min(burst, left + ((now - last) / 1000) * aSecond) - 1;
    last = now;
    if (left < 0) act();
  };
};
