import { describe, expect, it } from 'vitest';
import { chosenLog } from '../support/pair-store.ts';
import { expectToSurvive, seedOf } from './aftermath.ts';
import { fullPlan, pointsOf } from './plan.ts';

describe.each(['sftp', 'messageService'] as const)('both servers, killed 280 times, inner fetching over %s', (via) => {
  it('lose nothing, double nothing and leave nothing half; every fault point three times', async () => {
    const seed = seedOf(process.env);
    const log = chosenLog();
    const plan = fullPlan({ seed, via, log }, 280, 3);
    const { kills } = await expectToSurvive(seed, plan);
    expect([...kills.values()].reduce((sum, count) => sum + count, 0)).toBe(280 + plan.store.length);
    for (const role of ['dmz', 'inner'] as const)
      for (const point of pointsOf(role, via, log))
        expect(kills.get(`${role} ${point}`), point).toBeGreaterThanOrEqual(3);
  });
});
