import { describe, expect, it } from 'vitest';
import { simulate } from './simulate.ts';

describe('both servers, in a million simulated schedules, part 3 of 4', () => {
  it('deliver every accepted file once, whatever befalls them', async () => {
    const { accepted } = await simulate(520_001, 250_000);
    expect(accepted).toBeGreaterThan(250_000);
  });
});
