import { describe, expect, it } from 'vitest';
import { type FetchVia, fullPlan, pointsOf, shortPlan } from './plan.ts';

const roles = ['dmz', 'inner'] as const;
const short = (seed: number, kills: number) => shortPlan({ seed, log: 'embedded' }, kills);
const full = (seed: number, via: FetchVia, kills: number, times: number) =>
  fullPlan({ seed, via, log: 'embedded' }, kills, times);

describe('the plan of a crash test', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(short(7, 40)).toEqual(short(7, 40));
    expect(short(7, 40)).not.toEqual(short(8, 40));
    expect(full(7, 'sftp', 280, 3)).toEqual(full(7, 'sftp', 280, 3));
  });

  it('has as many kills as were asked for', () => {
    for (const plan of [short(1, 40), full(1, 'sftp', 280, 3), full(1, 'messageService', 280, 3)])
      expect([40, 280]).toContain(plan.dmz.length + plan.inner.length);
  });

  it.each(['sftp', 'messageService'] as const)('has every fault point three times in its full form (%s)', (via) => {
    const plan = full(1, via, 280, 3);
    for (const role of roles)
      for (const point of pointsOf(role, via, 'embedded'))
        expect(plan[role].filter((kill) => kill.at === point).length, point).toBe(3);
  });

  it('comes to every quick point of both servers over some seeds in its short form', () => {
    const met = new Set(
      Array.from({ length: 60 }, (_, seed) => short(seed, 40)).flatMap((plan) =>
        roles.flatMap((role) => plan[role].map((kill) => `${role} ${kill.at}`)),
      ),
    );
    const quick = roles.flatMap((role) =>
      pointsOf(role, 'messageService', 'embedded').map((point) => `${role} ${point}`),
    );
    expect(quick.filter((each) => !met.has(each) && !/checkpoint|datasync/.test(each))).toEqual([]);
  });

  it('has one kill of a store for four of servers, and none at points that only an embedded log passes', () => {
    const plan = shortPlan({ seed: 7, log: 'wire' }, 40);
    expect(plan.store).toHaveLength(10);
    expect(plan.store.filter(({ away }) => away > 15_000)).toHaveLength(2);
    const points = [...plan.dmz, ...plan.inner].map((kill) => kill.at);
    expect(points).toHaveLength(40);
    expect(points.filter((at) => /log\.(commit|checkpoint)/.test(at))).toEqual([]);
    expect(short(7, 40).store).toEqual([]);
  });
});
