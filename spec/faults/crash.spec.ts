import { describe, expect, it } from 'vitest';
import { chosenLog } from '../support/pair-store.ts';
import { expectToSurvive } from './aftermath.ts';
import { shortPlan } from './plan.ts';

/** The same plan in every run; `npm run faults` goes through all points with a new one each time. */
const usual = 372_137_784;

const log = chosenLog();
/** On the wire server, the usual run is there to see the store die, too: the whole of it is for the full one. */
const count = log === 'wire' && process.env.SALLYPORT_FULL !== '1' ? 8 : 40;

describe(`both servers, killed ${count} times while clients send over SFTP and FTP (event log: ${log})`, () => {
  it('lose nothing, double nothing and leave nothing half', { timeout: 600_000 }, async () => {
    const seed = Number(process.env.SEED ?? usual);
    const plan = shortPlan({ seed, log }, count);
    const { kills } = await expectToSurvive(seed, plan);
    const total = [...kills.values()].reduce((sum, each) => sum + each, 0);
    expect(total).toBe(count + plan.store.length);
    expect(kills.get('store') ?? 0).toBe(plan.store.length);
  });
});
