import { describe, expect, it } from 'vitest';
import { runSchedule } from './schedule.ts';
import { simulate } from './simulate.ts';

const minutes = 60_000;
const only = process.env.SEED;
const [first, schedules] = only === undefined ? [1, 10_000] : [Number(only), 1];

describe('both servers, in 20,000 simulated schedules, first half', () => {
  it(`deliver every accepted file once, whatever befalls them (seeds from ${first}: ${schedules})`, {
    timeout: 10 * minutes,
  }, async () => {
    const { accepted, faults } = await simulate(first, schedules);
    if (only !== undefined) return;
    expect(accepted).toBeGreaterThan(schedules);
    expect(faults.size).toBeGreaterThan(20);
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
