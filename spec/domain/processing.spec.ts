import { describe, expect, it } from 'vitest';
import { exitFailure, processingStep, runStep } from '../../domain/processing.ts';

const step = runStep.parse({ kind: 'run', command: ['convert'], timeLimit: '2s', permanentExitCodes: [3] });

describe('the end of a program', () => {
  it('is no failure with exit code 0', () => {
    expect(exitFailure(step, { kind: 'code', code: 0 }, 'a warning')).toBeUndefined();
  });

  it('is worth another try with any other exit code, 75 (EX_TEMPFAIL) among them', () => {
    for (const code of [1, 75, 127])
      expect(exitFailure(step, { kind: 'code', code }, 'no route')).toMatchObject({
        lasting: 'temporary',
        code: 'exitCode',
        text: `convert failed with exit code ${code}: no route`,
      });
  });

  it('is for good with an exit code that the profile lists', () => {
    expect(exitFailure(step, { kind: 'code', code: 3 }, '')).toMatchObject({
      lasting: 'permanent',
      text: 'convert failed for good with exit code 3',
    });
  });

  it('is worth another try after its time limit, or when something killed it', () => {
    expect(exitFailure(step, { kind: 'timeLimit' }, '')).toMatchObject({
      lasting: 'temporary',
      text: 'convert was ended after its time limit of 2 s',
    });
    expect(exitFailure(step, { kind: 'signal', signal: 'SIGKILL' }, 'oh')).toMatchObject({
      lasting: 'temporary',
      text: 'convert was ended by SIGKILL: oh',
    });
  });
});

describe('a step of a profile', () => {
  const problems = (raw: unknown) => processingStep.safeParse(raw).error?.issues.map((issue) => issue.message);

  it('has sensible defaults', () => {
    expect(processingStep.parse({ kind: 'run', command: ['/usr/bin/xmllint', '-'] })).toEqual({
      kind: 'run',
      command: ['/usr/bin/xmllint', '-'],
      timeLimit: 600_000,
      result: 'keep',
      maxResult: 100 * 1024 ** 3,
      permanentExitCodes: [],
    });
  });

  it('is refused with what is wrong', () => {
    expect(problems({ kind: 'run', command: ['bin/convert'] })?.[0]).toContain('absolute path');
    expect(problems({ kind: 'run', command: [] })).toHaveLength(1);
    expect(problems({ kind: 'rename', template: '{nme}' })?.[0]).toContain('there is no placeholder {nme}');
    expect(problems({ kind: 'copy' })).toEqual(['kind must be run, rename, split or readReport']);
  });
});
