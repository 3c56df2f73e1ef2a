import { describe, expect, it } from 'vitest';
import { handOverOf, mayRecord, ownerOf, roles, stepOf, travels } from '../../actors/roles.ts';
import { scenarios } from '../../domain/scenarios/index.ts';
import { given } from '../support/given.ts';

describe('the table', () => {
  it('has a row for every edge of every scenario, and no other', () => {
    const edges = Object.values(scenarios).flatMap(({ id, path }) =>
      Object.entries(path).flatMap(([state, out]) => Object.keys(out).map((event) => `${id} ${state} ${event}`)),
    );
    expect(roles.map(({ scenario, state, event }) => `${scenario} ${state} ${event}`).sort()).toEqual(edges.sort());
  });

  it('gives every state exactly one owner', () => {
    for (const { scenario, state, owner } of roles) expect(ownerOf(scenario, state)).toBe(owner);
  });

  it('tells every change of owner to the other server', () => {
    for (const row of roles) {
      const next = scenarios[row.scenario]?.path[row.state]?.[row.event];
      const nextOwner = next === undefined ? undefined : ownerOf(row.scenario, next);
      if (nextOwner !== undefined && nextOwner !== row.owner) expect(row.travels).toBe(true);
    }
  });
});

describe('what a server may record', () => {
  it('is what leaves a state that it owns', () => {
    expect(mayRecord('inner', given('received'), 'forwarded')).toBe(true);
    expect(mayRecord('dmz', given('received'), 'forwarded')).toBe(false);
    expect(mayRecord('dmz', given('received', 'forwarded', 'fetched', 'processed'), 'acknowledged')).toBe(true);
  });

  it('includes holding, releasing and abandoning only as the owner', () => {
    for (const event of ['held', 'stepFailed', 'abandoned', 'retried'] as const) {
      expect(mayRecord('inner', given('received'), event)).toBe(true);
      expect(mayRecord('dmz', given('received'), event)).toBe(false);
    }
  });

  it('follows, for a held transfer, the state that it left', () => {
    expect(mayRecord('inner', given('received', 'held'), 'released')).toBe(true);
    expect(mayRecord('dmz', given('received', 'held'), 'released')).toBe(false);
  });
});

describe('steps', () => {
  it('are run by the owner of their state; hand-overs and openings are none', () => {
    expect(stepOf('partnerSends', 'forwarded')).toMatchObject({ owner: 'inner', step: 'fetch' });
    expect(stepOf('partnerSends', 'new')).toBeUndefined();
    expect(stepOf('partnerSends', 'received')).toBeUndefined();
    expect(handOverOf('partnerSends', 'received', 'inner')?.event).toBe('forwarded');
    expect(handOverOf('partnerSends', 'received', 'dmz')).toBeUndefined();
  });
});

describe('travelling', () => {
  it('is for what the other server must know', () => {
    expect(travels('partnerSends', 'received')).toBe(true);
    expect(travels('partnerSends', 'held')).toBe(true);
    expect(travels('partnerSends', 'stepFailed')).toBe(false);
    expect(travels('partnerSends', 'matched')).toBe(false);
    expect(travels('partnerSends', 'purged')).toBe(false);
  });

  it('is for nothing of a scenario that concerns inner alone', () => {
    for (const event of ['created', 'prepared', 'sent', 'held', 'abandoned'] as const)
      expect(travels('innerOnly', event)).toBe(false);
  });
});
