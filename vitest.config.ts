import { defineConfig } from 'vitest/config';
import { lastLineReporter } from './spec/support/reporter.ts';

// The heavy ones: gigabytes, thousands of runs. They are run before an issue is resolved, not on every change.
const full = process.env.SALLYPORT_FULL === '1';

// One bench by its name, and then nothing else (`npm run bench`).
const bench = process.env.SALLYPORT_BENCH;
const specs = ['spec/**/*.spec.ts', ...(full ? ['spec/**/*.full.ts'] : [])];

export default defineConfig({
  test: {
    include: bench === undefined ? specs : [`spec/bench/${bench}.bench.ts`],
    globalSetup: 'spec/support/build.ts',
    reporters: ['default', lastLineReporter()],
    testTimeout: full ? 3_600_000 : 30_000,
    hookTimeout: full ? 600_000 : 30_000,
    fileParallelism: true,
    maxWorkers: 2,
    pool: 'forks',
  },
});
