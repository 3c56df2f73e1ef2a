import { describe, expect, it } from 'vitest';
import { expectToSurvive, seedOf } from './aftermath.ts';
import { fullPlan, pointsOf } from './plan.ts';

describe('both servers, killed 500 times while clients send over SFTP and FTP', () => {
  it('lose nothing, double nothing and leave nothing half; every fault point three times', async () => {
    const seed = seedOf(process.env);
    const { kills } = await expectToSurvive(seed, fullPlan(seed, 500, 3));
    expect([...kills.values()].reduce((sum, count) => sum + count, 0)).toBe(500);
    for (const role of ['dmz', 'inner'] as const)
      for (const point of pointsOf(role)) expect(kills.get(`${role} ${point}`), point).toBeGreaterThanOrEqual(3);
  });
});
