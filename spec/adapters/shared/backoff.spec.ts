import { describe, expect, it } from 'vitest';
import { backoff } from '../../../adapters/shared/backoff.ts';

describe('the back-off', () => {
  it('doubles up to its bound and begins anew after a reset', () => {
    const wait = backoff({ first: 200, most: 15_000, random: () => 1 });
    expect(Array.from({ length: 9 }, wait.next)).toEqual([200, 400, 800, 1600, 3200, 6400, 12_800, 15_000, 15_000]);
    wait.reset();
    expect(wait.next()).toBe(200);
  });

  it('is halved at most by chance', () => {
    expect(backoff({ first: 200, most: 15_000, random: () => 0 }).next()).toBe(100);
  });
});
