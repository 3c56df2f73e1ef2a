/** What tools can say about the sources, as tests, so that the one command of CI covers it. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const minutes = 5 * 60_000;

const run = (command: string, ...args: readonly string[]) => {
  const options = { cwd: root, encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' } } as const;
  const { status, stdout, stderr } = spawnSync(`node_modules/.bin/${command}`, args, options);
  return { status, said: status === 0 ? '' : `${stdout}${stderr}` };
};

const clean = { status: 0, said: '' };

describe('the sources', () => {
  it('have no type errors', { timeout: minutes }, () => {
    expect(run('tsc', '-p', 'tsconfig.json')).toEqual(clean);
  });

  it('have no lint errors', { timeout: minutes }, () => {
    expect(run('eslint', '.', '--max-warnings', '0')).toEqual(clean);
  });

  it('are formatted', { timeout: minutes }, () => {
    expect(run('biome', 'ci', '.', '--error-on-warnings', '--colors=off')).toEqual(clean);
  });

  it('hold nothing that is not used, and use nothing that is not declared', { timeout: minutes }, () => {
    expect(run('knip')).toEqual(clean);
  });
});
