import { describe, expect, it } from 'vitest';
import { fullPlan, pointsOf, shortPlan } from './plan.ts';

const roles = ['dmz', 'inner'] as const;

describe('the plan of a crash test', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(shortPlan(7, 40)).toEqual(shortPlan(7, 40));
    expect(shortPlan(7, 40)).not.toEqual(shortPlan(8, 40));
    expect(fullPlan(7, 'sftp', 280, 3)).toEqual(fullPlan(7, 'sftp', 280, 3));
  });

  it('has as many kills as were asked for', () => {
    for (const plan of [shortPlan(1, 40), fullPlan(1, 'sftp', 280, 3), fullPlan(1, 'messageService', 280, 3)])
      expect([40, 280]).toContain(plan.dmz.length + plan.inner.length);
  });

  it.each(['sftp', 'messageService'] as const)('has every fault point three times in its full form (%s)', (via) => {
    const plan = fullPlan(1, via, 280, 3);
    for (const role of roles)
      for (const point of pointsOf(role, via))
        expect(plan[role].filter((kill) => kill.at === point).length, point).toBe(3);
  });

  it('comes to every quick point of both servers over some seeds in its short form', () => {
    const met = new Set(
      Array.from({ length: 60 }, (_, seed) => shortPlan(seed, 40)).flatMap((plan) =>
        roles.flatMap((role) => plan[role].map((kill) => `${role} ${kill.at}`)),
      ),
    );
    const quick = roles.flatMap((role) => pointsOf(role, 'messageService').map((point) => `${role} ${point}`));
    expect(quick.filter((each) => !met.has(each) && !/checkpoint|datasync/.test(each))).toEqual([]);
  });
});
