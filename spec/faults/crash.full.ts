import { describe, expect, it } from 'vitest';
import { expectToSurvive, seedOf } from './aftermath.ts';
import { fullPlan, pointsOf } from './plan.ts';

describe.each(['sftp', 'messageService'] as const)('both servers, killed 280 times, inner fetching over %s', (via) => {
  it('lose nothing, double nothing and leave nothing half; every fault point three times', async () => {
    const seed = seedOf(process.env);
    const { kills } = await expectToSurvive(seed, fullPlan(seed, via, 280, 3));
    expect([...kills.values()].reduce((sum, count) => sum + count, 0)).toBe(280);
    for (const role of ['dmz', 'inner'] as const)
      for (const point of pointsOf(role, via)) expect(kills.get(`${role} ${point}`), point).toBeGreaterThanOrEqual(3);
  });
});
