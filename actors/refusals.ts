import { type Either, isLeft, left } from 'fp-ts/lib/Either.js';
import { type Decision, type Failure, type Refusal, refusal } from '../domain/failure.ts';

/** A failure of ours as a partner hears it: what it can do about it, nothing of our insides. */
export const asRefusal = (problem: Failure | Refusal): Refusal => {
  if (problem.kind === 'refusal') return problem;
  switch (problem.code) {
    case 'noSpace':
      return refusal('noSpace', 'there is no room at the moment; try again later');
    case 'notFound':
      return refusal('notFound', 'there is no such file');
    case 'hole':
      return refusal('invalid', 'the file has a hole: not every byte was sent');
    default:
      return refusal('unavailable', 'it cannot be done at the moment; try again later');
  }
};

/** A failure of ours as our other server hears it: with its own words. */
export const asAnswer = <A>(outcome: Either<Failure, A>): Decision<A> =>
  isLeft(outcome)
    ? left(
        refusal(
          outcome.left.lasting === 'permanent' ? 'notPermitted' : 'unavailable',
          outcome.left.text.slice(0, 1000),
        ),
      )
    : outcome;
