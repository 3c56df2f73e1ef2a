/** One server as a child process: started again whenever it dies, until it is told to stop. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readSync, renameSync, statSync } from 'node:fs';
import type { Clock } from '../../domain/ports.ts';
import { printable } from '../shared/printable.ts';

/** A supervised server. */
export type ServerProcess = { stop(): Promise<void> };

const longestLog = 16 * 1024 * 1024;
const window = 60_000;
const graceMs = 20_000;

/** How long to wait before the next start, after deaths at these times: next to nothing, but from the fifth in a minute on longer each time. */
export const restartDelay = (deaths: readonly number[], now: number): number => {
  const recent = deaths.filter((at) => now - at < window).length;
  return recent < 5 ? 200 : Math.min(30_000, 1000 * 2 ** (recent - 4));
};

/** Keeps a server running. Its output goes to a file of its own, so that it outlives this process and needs nobody to read it. */
export const keepRunning = (options: {
  readonly entry: string;
  readonly config: string;
  readonly log: string;
  readonly clock: Clock;
  /** Called with a sentence when the server died. */
  readonly onDeath: (how: string) => void;
}): ServerProcess => {
  const { entry, config, log, clock, onDeath } = options;
  let stopping = false;
  let child: ChildProcess | undefined;
  let cancel = (): void => undefined;
  let deaths: readonly number[] = [];
  let ended = (): void => undefined;

  const start = (): void => {
    const output = openLog(log);
    // stdin is a pipe that the system closes when this process is gone, however it went: the child ends then. In a
    // group of its own the child does not get the terminal's Ctrl-C besides.
    child = spawn(process.execPath, [entry, 'serve', '--config', config, '--end-with-parent'], {
      stdio: ['pipe', output, output],
      detached: true,
    });
    closeSync(output);
    child.stdin?.on('error', () => undefined);
    const once = onlyOnce(died);
    child.once('exit', (code, signal) =>
      once(signal === null ? `with exit code ${String(code)}${lastWords(log)}` : `by ${signal}`),
    );
    child.once('error', (error) => once(`before it began: ${error.message}`));
  };
  const died = (how: string): void => {
    child = undefined;
    if (stopping) {
      ended();
      return;
    }
    const now = clock.monotonic();
    deaths = [...deaths.filter((at) => now - at < window), now];
    const delay = restartDelay(deaths, now);
    onDeath(`died ${how}; it is started again${delay < 1000 ? '' : ` in ${delay / 1000} s`}`);
    cancel = clock.after(delay, start);
  };

  start();
  return {
    stop: async () => {
      stopping = true;
      cancel();
      const running = child;
      if (running === undefined) return;
      const gone = new Promise<void>((resolve) => {
        ended = resolve;
      });
      running.kill('SIGTERM');
      const giveUp = clock.after(graceMs, () => void running.kill('SIGKILL'));
      await gone;
      giveUp();
    },
  };
};

const onlyOnce = (call: (how: string) => void): ((how: string) => void) => {
  let called = false;
  return (how) => {
    if (!called) call(how);
    called = true;
  };
};

const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0;

const openLog = (file: string): number => {
  if (sizeOf(file) > longestLog) renameSync(file, `${file}.old`);
  return openSync(file, 'a', 0o600);
};

/** The last line of the log: where a server refuses to start, it says there why. */
const lastWords = (log: string): string => {
  const tail = Buffer.alloc(4096);
  const file = openSync(log, 'r');
  const length = readSync(file, tail, 0, tail.length, Math.max(0, sizeOf(log) - tail.length));
  closeSync(file);
  const last = tail.toString('utf8', 0, length).trimEnd().split('\n').at(-1) ?? '';
  return last === '' ? '' : ` (the end of its log: ${printable(last, 300)})`;
};
