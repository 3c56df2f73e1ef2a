/** The real terminal: the process's own streams and signals. */
import { userInfo } from 'node:os';
import { createInterface } from 'node:readline/promises';
import type { Terminal } from '../shared/terminal.ts';
import { exits } from './program.ts';

/** Makes the terminal of this process; from then on a defect ends it with one line and exit code 70. */
export const processTerminal = (): Terminal => {
  const { stdout, stderr, env } = process;
  // Whoever read our output may be gone (`| head`, a dead parent); that is no reason to die half-way.
  for (const stream of [stdout, stderr]) stream.on('error', () => undefined);
  process.on('uncaughtException', (error: unknown) => {
    stderr.write(`sallyport: ${defectLine(error)}\n`);
    process.exit(exits.defect);
  });
  return {
    out: (line) => void stdout.write(`${line}\n`),
    flushed: () => flushed(stdout),
    error: (line) => void stderr.write(`${line}\n`),
    progress: (text = '') => {
      if (stderr.isTTY) stderr.write(`\r\u001b[2K${text}`);
    },
    watched: stderr.isTTY,
    ask: async (question) => {
      if (!process.stdin.isTTY || !stderr.isTTY) return undefined;
      const lines = createInterface({ input: process.stdin, output: stderr });
      const answer = await lines.question(`${question} [y/N] `).finally(() => lines.close());
      return /^\s*y(es)?\s*$/i.test(answer);
    },
    colour: stdout.isTTY && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb',
    login: loginName(),
    untilStopped,
  };
};

const flushed = (stream: NodeJS.WriteStream): Promise<boolean> =>
  new Promise((resolve) => {
    const end = (): void => {
      stream.off('drain', end).off('error', end).off('close', end);
      resolve(stream.writable);
    };
    if (!stream.writable || !stream.writableNeedDrain) resolve(stream.writable);
    else stream.on('drain', end).on('error', end).on('close', end);
  });

/** A defect in one line: what was thrown, and where. */
export const defectLine = (error: unknown): string => {
  const [first = '', ...stack] = (error instanceof Error ? (error.stack ?? error.message) : String(error)).split('\n');
  const at = stack.find((line) => line.trimStart().startsWith('at ') && !line.includes('node:'))?.trim();
  return `this is a defect of the program: ${first}${at === undefined ? '' : ` (${at})`}`;
};

const loginName = (): string => {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
};

const untilStopped: Terminal['untilStopped'] = ({ endWithParent }) => {
  const stop = new AbortController();
  const onSignal = (name: NodeJS.Signals): void => {
    // Who asks twice does not want to wait for a clean end.
    if (stop.signal.aborted) process.exit(exits.failed);
    stop.abort(name);
  };
  const onParentGone = (): void => stop.abort('the parent process is gone');
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal);
  if (endWithParent) {
    // The system closes the other end of the pipe even when the parent was killed.
    process.stdin.on('end', onParentGone).on('close', onParentGone).on('error', onParentGone).resume();
  }
  return {
    signal: stop.signal,
    release: () => {
      process.off('SIGTERM', onSignal).off('SIGINT', onSignal);
      if (endWithParent) process.stdin.off('end', onParentGone).off('close', onParentGone).destroy();
    },
  };
};
