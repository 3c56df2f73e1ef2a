/**
 * The two closed unions of what goes wrong without being a bug.
 * A refusal is our decision about somebody's request; a failure is the world not doing what we asked.
 * Anything else is a defect and is thrown.
 */
import type { Either } from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';

/** Why we say no. Every protocol maps each of these to a reply code of its own in its `replies.ts`. */
export type RefusalReason =
  | 'badCredentials'
  | 'tooManySessions'
  | 'tooManyAttempts'
  | 'tooLarge'
  | 'badName'
  | 'notFound'
  | 'exists'
  | 'notEmpty'
  | 'isDirectory'
  | 'notDirectory'
  | 'busy'
  | 'noSpace'
  | 'unavailable'
  | 'notPermitted'
  | 'illegal'
  | 'invalid';

/** A refused request; `text` is one sentence for a person and never holds a secret or a path of ours. */
export type Refusal = {
  readonly kind: 'refusal';
  readonly reason: RefusalReason;
  readonly text: string;
};

/** What a port could not do. `temporary` is worth another try, `permanent` is not. */
export type Failure = {
  readonly kind: 'failure';
  readonly lasting: 'temporary' | 'permanent';
  readonly code: string;
  readonly text: string;
};

/** The errors of an event log; `outcomeUnknown` is answered by a retry with the same event ids. */
export type LogFailure = Failure & {
  readonly code: 'conflict' | 'streamDeleted' | 'tooLarge' | 'unauthorized' | 'unavailable' | 'outcomeUnknown';
};

/** A value, or our refusal. */
export type Decision<A> = Either<Refusal, A>;
/** A lazy piece of I/O that gives a value or a failure. */
export type Attempt<A> = TaskEither<Failure, A>;

/** Makes a refusal. */
export const refusal = (reason: RefusalReason, text: string): Refusal => ({ kind: 'refusal', reason, text });

/** Makes a failure that is worth another try. */
export const temporary = (code: string, text: string): Failure => ({
  kind: 'failure',
  lasting: 'temporary',
  code,
  text,
});

/** An error that carries a failure: for where a failure must be thrown, as an iteration does that breaks off. */
export const failing = (failure: Failure): Error => new Error(failure.text, { cause: failure });

/** The failure that an error carries, if it carries one. */
export const failureIn = (error: unknown): Failure | undefined =>
  error instanceof Error && isFailure(error.cause) ? error.cause : undefined;

const isFailure = (cause: unknown): cause is Failure =>
  typeof cause === 'object' && cause !== null && 'kind' in cause && cause.kind === 'failure';

/** Makes a failure that no retry will mend. */
export const permanent = (code: string, text: string): Failure => ({
  kind: 'failure',
  lasting: 'permanent',
  code,
  text,
});
