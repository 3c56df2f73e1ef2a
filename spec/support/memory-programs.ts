/** Programs in memory: functions by name. */
import { left } from 'fp-ts/lib/Either.js';
import { permanent, temporary } from '../../domain/failure.ts';
import type { ProgramEnd, ProgramJob, Programs } from '../../domain/ports.ts';
import type { ProgramExit } from '../../domain/processing.ts';
import { bytesOf, inPieces } from './outcome.ts';

/** What a program in memory does with its payload. */
export type MemoryProgram = (
  payload: string,
  job: ProgramJob,
) => { readonly exit: ProgramExit; readonly said?: string; readonly result?: string };

/** Runs functions. */
export const memoryPrograms = (known: Readonly<Record<string, MemoryProgram>>): Programs => {
  let closed = false;
  return {
    run: (job, signal, whenEnded) => async () => {
      if (closed || signal.aborted) return left(temporary('stopped', 'this server stops'));
      const [name] = job.step.command;
      const program = known[name];
      if (program === undefined) return left(permanent('noProgram', `${name} cannot be started`));
      const { exit, said = '', result } = program((await bytesOf(job.payload)).toString(), job);
      const well = exit.kind === 'code' && exit.code === 0 && job.step.result !== 'keep';
      if (well && result === undefined) return left(permanent('noResult', `${name} wrote no result`));
      const end: ProgramEnd = { exit, said, result: well ? inPieces(Buffer.from(result ?? ''), 3) : undefined };
      return whenEnded(end)();
    },
    close: () => {
      closed = true;
      return Promise.resolve();
    },
  };
};

/** It did its work. */
export const well: ProgramExit = { kind: 'code', code: 0 };
