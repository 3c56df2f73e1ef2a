/** Says at the very end how many tests passed, failed and were skipped, on one line that programs can read. */
import type { Reporter, TestModule } from 'vitest/node';

/** What the last line counts. */
export type Counts = { readonly passed: number; readonly failed: number; readonly skipped: number };

/** The line. */
export const lastLine = ({ passed, failed, skipped }: Counts): string =>
  `${passed} passed, ${failed} failed, ${skipped} skipped`;

/** Counts tests; a file that could not be loaded, and an error outside of any test, count as failed. */
export const count = (modules: readonly TestModule[], strayErrors: number): Counts => {
  const states = modules.flatMap((module) => {
    const tests = [...module.children.allTests()].map((test) => test.result().state);
    return module.state() === 'failed' && !tests.includes('failed') ? [...tests, 'failed' as const] : tests;
  });
  const of = (...wanted: readonly string[]): number => states.filter((state) => wanted.includes(state)).length;
  return { passed: of('passed'), failed: of('failed') + strayErrors, skipped: of('skipped', 'pending') };
};

/** The reporter. */
export const lastLineReporter = (): Reporter => {
  let counts: Counts = { passed: 0, failed: 0, skipped: 0 };
  return {
    // Other reporters print at the end of the run, too; nothing prints after the exit.
    onInit: () => void process.once('exit', () => process.stdout.write(`${lastLine(counts)}\n`)),
    onTestRunEnd: (modules, errors) => {
      counts = count(modules, errors.length);
    },
  };
};
