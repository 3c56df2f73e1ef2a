import { type Either, isLeft } from 'fp-ts/lib/Either.js';

/** The value, or a thrown error: for failures that this process cannot go on after. */
export const orThrow = <A>(result: Either<{ readonly text: string }, A>): A => {
  if (isLeft(result)) throw new Error(result.left.text);
  return result.right;
};
