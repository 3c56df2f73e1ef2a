/** Time and names that a test owns. */
import { derivedId, sha256Of, uuidOf } from '../../adapters/shared/ids.ts';
import type { Clock, Ids } from '../../domain/ports.ts';

/** A clock that stands still until `advance`, which calls back whatever falls due on the way, in order. */
export const manualClock = (
  start = Date.UTC(2026, 0, 1),
): Clock & { advance(milliseconds: number): void; pending(): number } => {
  let passed = 0;
  let timers: readonly { readonly due: number; readonly callback: () => void }[] = [];
  return {
    pending: () => timers.length,
    now: () => start + passed,
    monotonic: () => passed,
    after: (milliseconds, callback) => {
      const timer = { due: passed + Math.max(0, milliseconds), callback };
      timers = [...timers, timer];
      return () => {
        timers = timers.filter((each) => each !== timer);
      };
    },
    advance: (milliseconds) => {
      const end = passed + milliseconds;
      for (;;) {
        const due = timers.filter((each) => each.due <= end).sort((a, b) => a.due - b.due)[0];
        if (due === undefined) break;
        timers = timers.filter((each) => each !== due);
        passed = due.due;
        due.callback();
      }
      passed = end;
    },
  };
};

/** Ids by counting; what is derived is derived as ever. */
export const countedIds = (): Ids => {
  let count = 0;
  return {
    fresh: () => {
      count += 1;
      return count.toString().padStart(26, '0');
    },
    derived: derivedId,
    uuid: uuidOf,
    sha256: sha256Of,
  };
};
