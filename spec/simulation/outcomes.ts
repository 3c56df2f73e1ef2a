import { type Either, left, right } from 'fp-ts/lib/Either.js';
import { type Failure, permanent, type Refusal, temporary } from '../../domain/failure.ts';

const passing = ['busy', 'unavailable', 'noSpace'];

/** A handler's answer as the asker hears it: a refusal that will pass is worth another try. */
export const granted = <A>(outcome: Either<Refusal, A>): Either<Failure, A> => {
  if (outcome._tag === 'Right') return right(outcome.right);
  const { reason, text } = outcome.left;
  return left((passing.includes(reason) ? temporary : permanent)(reason, text));
};
