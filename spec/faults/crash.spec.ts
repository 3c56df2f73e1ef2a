import { describe, expect, it } from 'vitest';
import { expectToSurvive, seedOf } from './aftermath.ts';
import { shortPlan } from './plan.ts';

describe('both servers, killed 40 times while clients send over SFTP and FTP', () => {
  it('lose nothing, double nothing and leave nothing half', { timeout: 400_000 }, async () => {
    const seed = seedOf(process.env);
    const { kills } = await expectToSurvive(seed, shortPlan(seed, 40));
    expect([...kills.values()].reduce((sum, count) => sum + count, 0)).toBe(40);
  });
});
