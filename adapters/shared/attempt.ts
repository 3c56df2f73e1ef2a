/** The one place where async code becomes a TaskEither: at the edge of an adapter. */
import { type TaskEither, tryCatch } from 'fp-ts/lib/TaskEither.js';
import type { Failure } from '../../domain/failure.ts';

/** Runs async code as an attempt; whatever it throws is explained as a failure. */
export const attempt = <A>(run: () => Promise<A>, explain: (error: unknown) => Failure): TaskEither<Failure, A> =>
  tryCatch(run, explain);
