import { type TaskEither, tryCatch } from 'fp-ts/lib/TaskEither.js';
import type { Failure } from '../../domain/failure.ts';

/** Turns a promise into a port's answer. What `explain` does not know it throws again: that is a defect. */
export const attempt = <A>(run: () => Promise<A>, explain: (error: unknown) => Failure): TaskEither<Failure, A> =>
  tryCatch(run, explain);
