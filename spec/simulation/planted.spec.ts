import { describe, expect, it } from 'vitest';
import {
  answersBeforeItRecords,
  answersBeforeItStores,
  commitsWithoutSync,
  deliversWithoutLooking,
  losesRows,
  overwrites,
  takesSilenceForAnAnswer,
} from './plants.ts';
import { hunt } from './simulate.ts';

const minutes = 60_000;
const schedules = 5_000;

describe('the simulation', () => {
  it.each([
    [
      'a server that answers before it records',
      answersBeforeItRecords,
      // Or, where the whole log is gone, it does not start again over its read models.
      /accepted and delivered 0 times|reads on inner|the partners do not come to an end/,
    ],
    ['an inbox that says stored before it has stored', answersBeforeItStores, /delivered 0 times|has not|is /],
    ['an outbox that takes silence for an answer', takesSilenceForAnAnswer, /delivered 0 times|reads on inner|is /],
    ['a delivery that does not look for what it did before', deliversWithoutLooking, /delivered 2 times/],
    ['a delivery that overwrites', overwrites, /delivered 0 times/],
    ['a payload store that says committed before it syncs', commitsWithoutSync, /held|delivered 0 times/],
    ['read models that lose rows and keep their checkpoint', losesRows, /delivered 0 times|is |reads on inner/],
  ] as const)('finds %s', { timeout: 5 * minutes }, async (_, plant, words) => {
    const verdict = await hunt(plant, schedules);
    expect(verdict?.found.join('\n')).toMatch(words);
  });
});
