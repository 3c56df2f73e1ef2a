import { describe, expect, it } from 'vitest';
import { simulated } from '../support/simulated.ts';

describe('both servers, in a million simulated schedules', () => {
  it('deliver every accepted file once, whatever befalls them', { timeout: 36_000_000 }, async () => {
    const halves = await Promise.all([simulated(20_001, 500_000), simulated(520_001, 500_000)]);
    for (const { accepted } of halves) expect(accepted).toBeGreaterThan(500_000);
  });
});
