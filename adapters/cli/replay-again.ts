import { printable } from '../shared/printable.ts';
import type { Terminal } from '../shared/terminal.ts';
import type { Program } from './program.ts';
import { type Asked, ask } from './transfers.ts';

/** Runs an ended transfer again, from its payload; prints the id of the new one. */
export const replayAgain = (program: Program, terminal: Terminal, id: string, options: Asked): Promise<number> =>
  ask(
    program,
    terminal,
    options,
    (control) => control.again(id, terminal.login),
    (fresh) => [printable(fresh)],
  );
