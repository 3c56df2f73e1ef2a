import type { Clock } from '../domain/ports.ts';

const tolerated = 300_000;

/** Tells, each time it is asked, whether the wall clock has run like the monotonic one since the start, but for 5 minutes: what goes by the wall clock is purged only then. */
export const clockIsSteady = (clock: Pick<Clock, 'now' | 'monotonic'>): (() => boolean) => {
  const apart = (): number => clock.now() - clock.monotonic();
  const first = apart();
  return () => Math.abs(apart() - first) <= tolerated;
};
