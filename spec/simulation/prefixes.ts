/** Pasts by the hundred, from a seed. */
import fc from 'fast-check';
import { expect } from 'vitest';
import { type Trial, tryPast } from './prefix.ts';
import type { Plant } from './server.ts';

const trials = (scenario: string, faults: boolean): fc.Arbitrary<Trial> =>
  fc.record({
    scenario: fc.constant(scenario),
    ways: fc.array(fc.nat(9_999), { minLength: 1, maxLength: 16, size: 'max' }),
    untold: fc.nat(4),
    ahead: fc.boolean(),
    seed: fc.nat(1_000_000),
    faults: faults ? fc.boolean() : fc.constant(false),
  });

/** Tries so many; throws the smallest that goes wrong. Answers the states in which they were cut off. */
export const tryMany = async (scenario: string, seed: number, numRuns: number): Promise<ReadonlySet<string>> => {
  const states = new Set<string>();
  await fc.assert(
    fc.asyncProperty(trials(scenario, true), async (trial) => {
      const { state, found } = await tryPast(trial);
      states.add(state);
      expect(found).toEqual([]);
    }),
    { seed, numRuns },
  );
  return states;
};

/** What the first past shows in which a planted bug shows. */
export const findIn = async (scenario: string, plant: () => Plant, numRuns: number): Promise<string> => {
  let said = '';
  await fc.check(
    fc.asyncProperty(trials(scenario, false), async (trial) => {
      const { found } = await tryPast(trial, plant());
      said = said === '' ? found.join('\n') : said;
      return found.length === 0;
    }),
    { seed: 1, numRuns, endOnFailure: true },
  );
  return said;
};
