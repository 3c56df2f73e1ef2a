/** The simulation as a program of its own: compiled, it goes twice as fast as under the test runner. */
import { run } from './run.ts';

/** What a run of the simulation says at its end. */
export type Simulated = { readonly accepted: number; readonly faults: number };

/** Runs so many schedules; throws the story of the first that goes wrong. */
export const simulated = async (first: number, count: number): Promise<Simulated> => {
  const args = ['run', '--silent', 'simulate', '--', String(first), String(count)];
  const { code, out, err } = await run('npm', args, { within: 36_000_000 });
  const said = out
    .trimEnd()
    .split('\n')
    .at(-1)
    ?.match(/^(\d+) schedules, (\d+) files accepted, (\d+) kinds of faults$/);
  if (code !== 0 || Number(said?.[1]) !== count) throw new Error(`${out.slice(-1_000)}\n${err.slice(0, 200_000)}`);
  return { accepted: Number(said?.[2]), faults: Number(said?.[3]) };
};
