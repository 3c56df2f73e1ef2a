import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { defectLine } from '../../../adapters/cli/terminal.ts';

const cli = new URL('../../../dist/adapters/cli/', import.meta.url).href;

let child: ChildProcess | undefined;
afterEach(() => void child?.kill('SIGKILL'));

/** Runs code as a process of its own; `said` resolves with the first line that matches. */
const start = (code: string) => {
  const running = spawn(process.execPath, ['--input-type=module', '--eval', code]);
  child = running;
  let text = '';
  let look = (): void => undefined;
  for (const stream of [running.stdout, running.stderr])
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      look();
    });
  const said = (pattern: RegExp): Promise<void> =>
    new Promise((resolve) => {
      look = () => {
        if (pattern.test(text)) resolve();
      };
      look();
    });
  const ended = once(running, 'close').then(([exitCode]) => exitCode as number | null);
  return { running, said, ended, text: () => text };
};

/** A command that waits until it is stopped, and says why it was. */
const waiting = (endWithParent: boolean, stubborn = false) => `
import { processTerminal } from '${cli}terminal.js';
const terminal = processTerminal();
const { signal, release } = terminal.untilStopped({ endWithParent: ${endWithParent} });
const busy = setInterval(() => undefined, 1000);
terminal.out('ready');
signal.addEventListener('abort', () => {
  terminal.out('stopped: ' + signal.reason);
  if (${stubborn}) return;
  clearInterval(busy);
  release();
});`;

describe('the terminal of a process', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('lets a command end by itself at %s', async (name) => {
    const { running, said, ended, text } = start(waiting(false));
    await said(/ready/);
    running.kill(name);
    expect(await ended).toBe(0);
    expect(text()).toBe(`ready\nstopped: ${name}\n`);
  });

  it('ends at once at the second signal', async () => {
    const { running, said, ended } = start(waiting(false, true));
    await said(/ready/);
    running.kill('SIGTERM');
    await said(/stopped/);
    running.kill('SIGTERM');
    expect(await ended).toBe(1);
  });

  it('hears that its parent is gone, where it is told to listen', async () => {
    const { running, said, ended, text } = start(waiting(true));
    await said(/ready/);
    running.stdin.end();
    expect(await ended).toBe(0);
    expect(text()).toContain('stopped: the parent process is gone');
  });

  it('does not care about its standard input otherwise', async () => {
    const { running, said, ended, text } = start(waiting(false));
    running.stdin.end();
    await said(/ready/);
    running.kill('SIGTERM');
    await ended;
    expect(text()).toContain('stopped: SIGTERM');
  });

  it.each(["throw new TypeError('oops');", "Promise.reject(new TypeError('oops'));"])(
    'ends with one line and exit code 70 at a defect: %s',
    async (code) => {
      const { ended, text } = start(`
import { runCli } from '${cli}index.js';
const load = async () => { setTimeout(() => { ${code} }); return new Promise(() => undefined); };
await runCli(['serve', '--config', 'x'], { load, protocols: [] });`);
      expect(await ended).toBe(70);
      expect(text()).toMatch(/^sallyport: this is a defect of the program: TypeError: oops.*\n$/);
    },
  );

  it('does not die of a reader that is gone', async () => {
    const { running, ended } = start(`
import { processTerminal } from '${cli}terminal.js';
const terminal = processTerminal();
for (let i = 0; i < 20000; i += 1) terminal.out('x'.repeat(100));
setTimeout(() => terminal.out('end'), 50);`);
    running.stdout.destroy();
    expect(await ended).toBe(0);
  });

  it('tells a defect in one line, with where it was', () => {
    expect(defectLine(new Error('a\nb'))).toMatch(
      /^this is a defect of the program: Error: a \(at .*terminal\.spec\.ts:\d+:\d+\)?\)?$/,
    );
    expect(defectLine('text')).toBe('this is a defect of the program: text');
  });
});
