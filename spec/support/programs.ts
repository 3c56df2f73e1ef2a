/** Real programs, run as a profile's step would. */
import { isLeft } from 'fp-ts/lib/Either.js';
import { onTestFinished } from 'vitest';
import { localPrograms } from '../../adapters/programs/index.ts';
import { systemClock } from '../../adapters/shared/clock.ts';
import { createLog } from '../../adapters/shared/log.ts';
import type { Failure } from '../../domain/failure.ts';
import type { ProgramEnd, ProgramJob, Programs } from '../../domain/ports.ts';
import { type RunStep, runStep } from '../../domain/processing.ts';
import { id } from './given.ts';
import { bytesOf, inPieces } from './outcome.ts';

/** A `run` step of /bin/sh. */
export const shell = (script: string, settings: Partial<Record<keyof RunStep, unknown>> = {}): RunStep =>
  runStep.parse({ kind: 'run', command: ['/bin/sh', '-c', script], ...settings });

/** A job on a small payload. */
export const job = (step: RunStep, payload: string | Uint8Array = 'payload\n'): ProgramJob => ({
  transfer: id,
  run: 2,
  attempt: 3,
  channel: 'acme',
  name: 'a b.xml',
  step,
  payload: inPieces(Buffer.from(payload)),
});

/** Programs under a directory; what is logged is collected. */
export const openPrograms = async (
  directory: string,
  environment: Readonly<Record<string, string>> = { PATH: process.env.PATH ?? '' },
): Promise<{ readonly programs: Programs; readonly logged: readonly string[] }> => {
  const logged: string[] = [];
  const clock = systemClock();
  const log = createLog({ level: 'debug', format: 'text', write: (line) => logged.push(line), clock });
  const programs = await localPrograms({ directory, environment, clock, log });
  onTestFinished(() => programs.close());
  return { programs, logged };
};

/** How a program ended, its result read; or the failure. */
export type Ended = Pick<ProgramEnd, 'exit' | 'said'> & { readonly result: string | undefined };

/** Runs a job to its end. */
export const ended = async (
  programs: Programs,
  what: ProgramJob,
  signal = new AbortController().signal,
): Promise<Ended | Failure> => {
  const done = await programs.run(what, signal, ({ exit, said, result }) => async () => ({
    _tag: 'Right' as const,
    right: { exit, said, result: result === undefined ? undefined : (await bytesOf(result)).toString() },
  }))();
  return isLeft(done) ? done.left : done.right;
};
