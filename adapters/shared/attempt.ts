import { tryCatch } from 'fp-ts/lib/TaskEither.js';
import type { Attempt, Failure } from '../../domain/failure.ts';

/** Async code as a port's answer: the only place of an adapter where what was thrown becomes a failure. */
export const attempt = <A>(run: () => Promise<A>, explain: (error: unknown) => Failure): Attempt<A> =>
  tryCatch(run, explain);
