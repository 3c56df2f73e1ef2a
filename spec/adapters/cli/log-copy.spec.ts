import { left, right } from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { runCli } from '../../../adapters/cli/index.ts';
import { teller } from '../../../adapters/cli/log-copy.ts';
import type { CopyLog } from '../../../adapters/shared/log-copy.ts';
import { fakeProgram } from '../../support/fake-program.ts';
import { fakeTerminal } from '../../support/fake-terminal.ts';

const content = { events: 1200, sha256: 'a'.repeat(64) };
const copying = (copyLog: CopyLog, ...more: readonly string[]) => {
  const fake = fakeTerminal();
  const args = ['log', 'copy', '--from', 'inner.yaml', '--to', '/there', ...more];
  return { ...fake, code: runCli(args, fakeProgram({ copyLog }), fake.terminal) };
};

describe('log copy', () => {
  it('says both hashes and counts where the logs are equal', async () => {
    const { code, out } = copying(({ from, to }) => {
      expect([from, to]).toEqual(['inner.yaml', '/there']);
      return Promise.resolve(right({ before: 200, source: content, target: content }));
    });
    expect(await code).toBe(0);
    expect(out).toEqual([
      `source: 1,200 events, SHA-256 ${content.sha256}`,
      `target: 1,200 events, SHA-256 ${content.sha256}`,
      'the logs are equal; 1,000 events were copied, 200 were there before',
    ]);
  });
  it('fails where they differ', async () => {
    const target = { events: 1200, sha256: 'b'.repeat(64) };
    const { code, out } = copying(() => Promise.resolve(right({ before: 0, source: content, target })));
    expect(await code).toBe(1);
    expect(out.at(-1)).toMatch(/^THE LOGS DIFFER: do not use the target/);
  });
  it('prints JSON where that is asked for', async () => {
    const { code, out } = copying(
      () => Promise.resolve(right({ before: 0, source: content, target: content })),
      '--json',
    );
    expect(await code).toBe(0);
    expect(JSON.parse(out.join(''))).toEqual({ equal: true, before: 0, source: content, target: content });
  });
  it('says why it cannot be done, also where a config is wrong', async () => {
    const refused = copying(() => Promise.resolve(left('the server runs')));
    expect([await refused.code, refused.errors]).toEqual([1, ['sallyport: the server runs']]);
    const wrong = copying(() =>
      Promise.resolve(left({ file: 'a.yaml', problems: [{ path: 'role', problem: 'is wrong' }] })),
    );
    expect([await wrong.code, wrong.errors]).toEqual([2, ['a.yaml: role: is wrong']]);
  });
  it('says that it can be taken up again after it was interrupted', async () => {
    const asked = copying(async ({ signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      return left('it was stopped');
    });
    asked.stop();
    expect(await asked.code).toBe(1);
    expect(asked.errors).toEqual(['sallyport: it was stopped; the same command goes on where it ended']);
  });
});

describe('how far a copy is', () => {
  const telling = (watched: boolean) => {
    const { terminal, errors, progress } = fakeTerminal();
    let now = 0;
    const tell = teller({ ...terminal, watched }, { monotonic: () => now });
    const at = (milliseconds: number, done: number): void => {
      now = milliseconds;
      tell({ phase: 'copying', done, of: 2_000 });
    };
    return { tell, at, errors, progress };
  };

  it('is a bar with speed and rest where somebody watches', () => {
    const { at, errors, progress } = telling(true);
    at(0, 500);
    at(100, 600);
    at(500, 1_000);
    expect(errors).toEqual([]);
    expect(progress).toEqual([
      '[#####---------------] copying: 500 of 2,000 events',
      '[##########----------] copying: 1,000 of 2,000 events, 1,000 a second, 1 s left',
    ]);
  });
  it('is a line every five seconds, and at the beginning of each phase, where nobody does', () => {
    const { tell, at, errors, progress } = telling(false);
    at(0, 0);
    at(4_999, 900);
    at(5_000, 1_000);
    tell({ phase: 'comparing', done: 7, of: undefined });
    expect(progress).toEqual([]);
    expect(errors).toEqual([
      'copying: 0 of 2,000 events',
      'copying: 1,000 of 2,000 events, 200 a second, 5 s left',
      'comparing: 7 events',
    ]);
  });
});
