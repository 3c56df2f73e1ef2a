import { isLeft } from 'fp-ts/lib/Either.js';
import { type Problem, warningsOf } from '../../domain/config.ts';
import { createLog } from '../shared/log.ts';
import { printable } from '../shared/printable.ts';
import type { Terminal } from '../shared/terminal.ts';
import { exits, type Program } from './program.ts';

/** Runs a server until it is asked to stop; answers the exit code. */
export const serve = async (
  program: Program,
  terminal: Terminal,
  options: { readonly config: string; readonly endWithParent?: boolean },
): Promise<number> => {
  const stopping = terminal.untilStopped({ endWithParent: options.endWithParent === true });
  try {
    const loaded = await program.load(options.config, program.protocols);
    if (isLeft(loaded)) return wrongConfig(terminal, options.config, loaded.left);
    const log = createLog({ ...loaded.right.config.log, write: terminal.error, clock: program.clock });
    for (const { path, problem } of warningsOf(loaded.right.config)) log.warn(`${path}: ${problem}`);
    const started = await program.start(loaded.right, log);
    if (isLeft(started)) {
      terminal.error(`sallyport: ${printable(started.left)}`);
      return exits.failed;
    }
    const gateway = started.right;
    const stop = (): void => {
      log.info('stopping', { reason: String(stopping.signal.reason) });
      void gateway.stop();
    };
    if (stopping.signal.aborted) stop();
    else stopping.signal.addEventListener('abort', stop, { once: true });
    return await gateway.closed;
  } finally {
    stopping.release();
  }
};

/** Says whether a server would start from this config; starts nothing. */
export const check = async (
  program: Program,
  terminal: Terminal,
  options: { readonly config: string },
): Promise<number> => {
  const loaded = await program.load(options.config, program.protocols);
  const problems = isLeft(loaded) ? loaded.left : await program.check(loaded.right);
  if (problems.length > 0) return wrongConfig(terminal, options.config, problems);
  if (!isLeft(loaded))
    for (const { path, problem } of warningsOf(loaded.right.config))
      terminal.error(printable(`${options.config}: warning: ${path}: ${problem}`));
  terminal.out(`${options.config} is in order`);
  return exits.ok;
};

/** Prints each problem of a config on a line of its own: file, line, path in it, what is wrong. */
export const wrongConfig = (terminal: Terminal, file: string, problems: readonly Problem[]): number => {
  for (const { path, problem, line } of problems)
    terminal.error(printable(`${file}${line === undefined ? '' : `:${line}`}: ${path}: ${problem}`));
  return exits.wrong;
};
