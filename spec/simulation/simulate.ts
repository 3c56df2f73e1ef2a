/** Runs many schedules; the first in which something is wrong is run again, told line by line. */
import { setImmediate } from 'node:timers/promises';
import { runSchedule, type Verdict } from './schedule.ts';
import type { Plant } from './server.ts';

/** What came of many schedules. */
export type Tally = { readonly accepted: number; readonly faults: ReadonlySet<string> };

const mostLines = 2_000;

/** Runs the schedules of `count` seeds from `first` on; throws the story of the first that goes wrong. */
export const simulate = async (first: number, count: number): Promise<Tally> => {
  const faults = new Set<string>();
  let accepted = 0;
  for (let seed = first; seed < first + count; seed += 1) {
    const verdict = await runSchedule(seed);
    if (verdict.found.length > 0) throw new Error(await storyOf(seed));
    for (const kind of verdict.faults) faults.add(kind);
    accepted += verdict.accepted;
    // The runner wants to be heard now and then.
    if (seed % 100 === 0) await setImmediate();
  }
  return { accepted, faults };
};

/** The first schedule in which a planted bug shows; undefined where none of `most` shows it. */
export const hunt = async (plant: () => Plant, most: number): Promise<Verdict | undefined> => {
  for (let seed = 1; seed <= most; seed += 1) {
    const verdict = await runSchedule(seed, plant());
    if (verdict.found.length > 0) return verdict;
    if (seed % 100 === 0) await setImmediate();
  }
  return undefined;
};

const storyOf = async (seed: number): Promise<string> => {
  const { found, lines } = await runSchedule(seed, {}, true);
  return [
    `seed ${seed}: ${found.join('\n')}`,
    `Run it alone with: npm run simulate -- ${seed}`,
    ...lines.slice(-mostLines),
    `seed ${seed}: ${found.join('\n')}`,
  ].join('\n');
};
