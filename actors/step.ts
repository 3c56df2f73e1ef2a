/** A step's I/O becomes a recorded event, or a counted failure: the only place where the two meet. */
import { type Either, isLeft, right } from 'fp-ts/lib/Either.js';
import type { Attempt, Failure, Refusal } from '../domain/failure.ts';
import { afterFailure, onlyWaits, type RetryPolicy } from '../domain/transfer/decide.ts';
import type { Folded } from '../domain/transfer/fold.ts';
import type { Fact } from '../domain/transfer/vocabulary.ts';
import type { Streams } from './streams.ts';

/** Does the work of a state and says what it found. It must look at the signal before anything that cannot be undone. */
export type Step = (folded: Folded, signal: AbortSignal) => Attempt<readonly Fact[]>;

/** The steps that this server performs, by the name that roles.ts gives them. */
export type Steps = Readonly<Record<string, Step>>;

/** Where a step left its transfer. `postponed`: nothing was recorded now; the supervisor tries again later. `waitsFor`: what it lacks. */
export type StepOutcome = {
  readonly folded: Folded;
  readonly went: 'on' | 'failed' | 'postponed';
  readonly waitsFor?: Failure;
};

/** What running a step rests on. */
export type StepNeeds = { readonly streams: Streams; readonly steps: Steps; readonly retries: RetryPolicy };

/** Runs one step once. A step that throws is a defect: the promise rejects. */
export const runStep = async (
  needs: StepNeeds,
  name: string,
  folded: Folded,
  signal: AbortSignal,
): Promise<StepOutcome> => {
  const step = needs.steps[name];
  if (step === undefined) throw new Error(`this server has no step ${name}`);
  const found = await step(folded, signal)();
  if (signal.aborted) return { folded, went: 'postponed' };
  if (isLeft(found) && onlyWaits(found.left)) return { folded, went: 'postponed', waitsFor: found.left };
  if (isLeft(found) && folded.ended) return { folded, went: 'postponed' };
  const recorded = await needs.streams.record(folded.id, turnOf(name, folded), (now) =>
    now === undefined || now.revision !== folded.revision
      ? right([])
      : right(isLeft(found) ? afterFailure(now, name, found.left, needs.retries) : found.right),
  );
  return outcome(folded, recorded, isLeft(found) ? 'failed' : 'on');
};

/** Tries are counted anew in each step of a profile, so these are told apart by name: an event's id holds both. */
export const turnOf = (name: string, { transfer: { stepsDone } }: Folded): string =>
  stepsDone === 0 ? name : `${name}.${stepsDone}`;

const outcome = (
  before: Folded,
  recorded: Either<Failure | Refusal, Folded | undefined>,
  went: 'on' | 'failed',
): StepOutcome => {
  if (isLeft(recorded) || recorded.right === undefined) return { folded: before, went: 'postponed' };
  return { folded: recorded.right, went };
};
