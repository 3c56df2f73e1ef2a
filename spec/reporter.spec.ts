import { describe, expect, it } from 'vitest';
import type { TestModule } from 'vitest/node';
import { count, lastLine } from './support/reporter.ts';

const file = (state: string, ...tests: readonly string[]): TestModule =>
  ({
    state: () => state,
    children: { allTests: () => tests.map((each) => ({ result: () => ({ state: each }) })) },
  }) as unknown as TestModule;

describe('the last line of a test run', () => {
  it('counts passed, failed and skipped tests over all files', () => {
    const counts = count([file('passed', 'passed', 'passed', 'skipped'), file('failed', 'failed', 'passed')], 0);
    expect(lastLine(counts)).toBe('3 passed, 1 failed, 1 skipped');
  });

  it('counts a file that could not be loaded, and an error outside of any test, as failed', () => {
    expect(lastLine(count([file('failed'), file('passed', 'passed')], 1))).toBe('1 passed, 2 failed, 0 skipped');
  });
});
