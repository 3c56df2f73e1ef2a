import { defineConfig } from 'vitest/config';
import { lastLineReporter } from './spec/support/reporter.ts';

// The heavy ones: gigabytes, thousands of runs. They are run before an issue is resolved, not on every change.
const full = process.env.SALLYPORT_FULL === '1';

// One bench by its name, and then nothing else (`npm run bench`).
const bench = process.env.SALLYPORT_BENCH;
const specs = ['spec/**/*.spec.ts', ...(full ? ['spec/**/*.full.ts'] : [])];
// What is tested in the test's own process: these leave nothing behind, and share what they import.
const parts = specs.map((pattern) => pattern.replace('spec/', 'spec/{domain,projections,actors,adapters}/'));

// What is run once more with the event logs of both servers on the wire server: all that starts them; on every change only
// these two, of which the crash test goes through every scenario.
const onWire = ['spec/faults/crash.spec.ts', `spec/scenarios/${full ? '*' : 'partner-sends-ftp'}.spec.ts`];
// These choose their logs themselves.
const ownLogs = 'spec/scenarios/{eventstoredb,log-verify,move-log}.spec.ts';

const each = {
  testTimeout: full ? 3_600_000 : 30_000,
  hookTimeout: full ? 600_000 : 30_000,
  pool: 'forks' as const,
};
const wire = { name: 'wire', include: onWire, exclude: [ownLogs], env: { SALLYPORT_EVENT_LOG: 'wire' } };

export default defineConfig({
  test: {
    globalSetup: 'spec/support/build.ts',
    reporters: ['default', lastLineReporter()],
    fileParallelism: true,
    maxWorkers: 2,
    projects:
      bench === undefined
        ? [
            { test: { ...each, name: 'parts', include: parts, isolate: false } },
            { test: { ...each, name: 'usual', include: specs, exclude: parts } },
            { test: { ...each, ...wire } },
          ]
        : [{ test: { ...each, name: 'bench', include: [`spec/bench/${bench}.bench.ts`] } }],
  },
});
