import { describe, expect, it } from 'vitest';
import { simulated } from '../support/simulated.ts';
import { runSchedule } from './schedule.ts';

const minutes = 60_000;
const schedules = 20_000;

describe(`both servers, in ${schedules} simulated schedules`, () => {
  it('deliver every accepted file once, whatever befalls them', { timeout: 20 * minutes }, async () => {
    const { accepted, faults } = await simulated(1, schedules);
    expect(accepted).toBeGreaterThan(schedules);
    expect(faults).toBeGreaterThan(20);
  });

  it('go the same way again with the same seed', async () => {
    const [one, two, other] = [
      await runSchedule(7, {}, true),
      await runSchedule(7, {}, true),
      await runSchedule(8, {}, true),
    ];
    expect(one.lines.length).toBeGreaterThan(100);
    expect(one.lines).toEqual(two.lines);
    expect(one.lines).not.toEqual(other.lines);
  });
});
