import { type TaskEither, tryCatch } from 'fp-ts/lib/TaskEither.js';
import type { Failure } from '../../domain/failure.ts';

/** Turns async code into a port's answer: the one place in the adapters where a rejection becomes a failure. */
export const attempt = <A>(run: () => Promise<A>, explain: (error: unknown) => Failure): TaskEither<Failure, A> =>
  tryCatch(run, explain);
