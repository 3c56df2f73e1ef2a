import { type Either, isLeft } from 'fp-ts/lib/Either.js';
import { type Failure, failing } from '../domain/failure.ts';

/** The value, or the failure thrown: for failures that this process cannot go on after. */
export const orThrow = <A>(result: Either<Failure, A>): A => {
  if (isLeft(result)) throw failing(result.left);
  return result.right;
};
