import { describe, expect, it } from 'vitest';
import { scenarios } from '../../domain/scenarios/index.ts';
import { beginsAtTheEnd, forgetsWhatItOwes, seesNothingAtThePartner } from './plants.ts';
import { findIn, tryMany } from './prefixes.ts';

const minutes = 60_000;
const pasts = 60;

describe('whatever has happened to a transfer, and wherever that was cut off,', () => {
  it.each(Object.values(scenarios))(
    'both servers, started on it, finish it once: $title',
    { timeout: 2 * minutes },
    async ({ id, path, ends }) => {
      const states = await tryMany(id, 6, pasts);
      const all = [...Object.keys(path).filter((state) => state !== 'new'), ...ends, 'held', 'abandoned'];
      // Where the other server takes over, the state lasts only until it has heard of it.
      expect([...states].length).toBeGreaterThanOrEqual(all.length - 1);
    },
  );
});

describe('the trial', () => {
  it.each([
    ['servers that begin at the end of their logs', 'partnerSends', beginsAtTheEnd, /no server knows|is /],
    ['servers that forget what they owe each other', 'responseSend', forgetsWhatItOwes, /reads on inner|is /],
    ['a step that does not look at what was done before', 'innerSends', seesNothingAtThePartner, /written again|is /],
  ] as const)('finds %s', { timeout: 2 * minutes }, async (_, scenario, plant, words) => {
    expect(await findIn(scenario, plant, 200)).toMatch(words);
  });
});
