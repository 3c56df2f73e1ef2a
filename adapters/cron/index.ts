/** Schedules, by croner. */
import { Cron as Schedule } from 'croner';
import type { Cron } from '../../domain/ports.ts';

/** The times of schedules in their time zones. Across a change of clocks no time comes twice. */
export const schedules = (): Cron => ({
  next: (schedule, timezone, after) =>
    new Schedule(schedule, { timezone, paused: true }).nextRun(new Date(after))?.getTime(),
});

/** What is wrong with a schedule or its time zone, in one sentence; undefined where nothing is. */
export const scheduleProblem = (schedule: string, timeZone: string): string | undefined => {
  try {
    return schedules().next(schedule, timeZone, Date.now()) === undefined
      ? `"${schedule}" has no next time`
      : undefined;
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    return /time ?zone/i.test(words)
      ? `there is no time zone "${timeZone}"; write one such as Europe/Berlin`
      : `"${schedule}" is not understood: write minute, hour, day of month, month and day of week, such as "*/15 * * * *"`;
  }
};
