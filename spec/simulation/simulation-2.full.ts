import { describe, expect, it } from 'vitest';
import { simulate } from './simulate.ts';

describe('both servers, in 20,000 simulated schedules, second half', () => {
  it('deliver every accepted file once, whatever befalls them', { timeout: 600_000 }, async () => {
    const { accepted } = await simulate(10_001, 10_000);
    expect(accepted).toBeGreaterThan(10_000);
  });
});
