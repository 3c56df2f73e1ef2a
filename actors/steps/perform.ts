import { isLeft, left, right } from 'fp-ts/lib/Either.js';
import { type Attempt, permanent } from '../../domain/failure.ts';
import { type PayloadRef, stepKeyOf } from '../../domain/payload.ts';
import type { ProgramEnd, Programs } from '../../domain/ports.ts';
import { exitFailure, type ProcessingStep, type RunStep } from '../../domain/processing.ts';
import { renamed } from '../../domain/rename.ts';
import type { Folded } from '../../domain/transfer/fold.ts';
import type { EventData } from '../../domain/transfer/vocabulary.ts';
import { storeStream } from '../store-whole.ts';
import { type ReportNeeds, readingReport } from './read-report.ts';
import { type SplitNeeds, splitMail } from './split.ts';

/** Performs one step of a profile on a payload and says what it changed. */
export type Perform = (
  step: ProcessingStep,
  folded: Folded,
  payload: PayloadRef,
  signal: AbortSignal,
) => Attempt<EventData<'stepDone'>>;

/** What the steps rest on. */
export type PerformNeeds = SplitNeeds & ReportNeeds & { readonly programs: Programs };

/** The steps that there are. A result is a copy of its own: the payload as it was delivered never changes. */
export const performing =
  (needs: PerformNeeds): Perform =>
  (step, folded, payload, signal) => {
    const { id, transfer } = folded;
    const index = transfer.stepsDone;
    if (step.kind === 'run')
      return async () => {
        const made = await runProgram(needs, step, folded, payload, signal)();
        if (isLeft(made)) return made;
        return right({ index, step: step.kind, ...(made.right && { payload: made.right }) });
      };
    if (step.kind === 'readReport')
      return async () => {
        const read = await readingReport(needs)(folded, payload)();
        return isLeft(read) ? read : right({ index, step: step.kind });
      };
    if (step.kind === 'split')
      return async () => {
        const made = await splitMail(needs, step, folded, payload, signal)();
        return isLeft(made) ? made : right({ index, step: step.kind, parts: made.right });
      };
    const { name, channel, createdAt: at } = transfer;
    const named = renamed(step.template, { id, name, channel, at });
    const done = isLeft(named)
      ? left(permanent('badName', named.left.text))
      : right({ index, step: step.kind, name: named.right });
    return () => Promise.resolve(done);
  };

const runProgram =
  (
    { payloads, programs, disk, node }: PerformNeeds,
    step: RunStep,
    { id, transfer }: Folded,
    payload: PayloadRef,
    signal: AbortSignal,
  ): Attempt<PayloadRef | undefined> =>
  async () => {
    const bytes = await payloads.read(payload.key)();
    if (isLeft(bytes)) return bytes;
    const { run, attempt, channel, name, stepsDone } = transfer;
    const job = { transfer: id, run, attempt, channel, name, step, payload: bytes.right };
    const store = ({ exit, said, result }: ProgramEnd): Attempt<PayloadRef | undefined> => {
      const failed = exitFailure(step, exit, said);
      if (failed !== undefined) return () => Promise.resolve(left(failed));
      return result === undefined
        ? () => Promise.resolve(right(undefined))
        : storeStream(payloads, stepKeyOf(node, id, stepsDone), result);
    };
    // Its own copy, and a result that is not known yet.
    const room = await disk.claim(payload.size * (step.result === 'keep' ? 1 : 2));
    return isLeft(room) ? room : programs.run(job, signal, store)().finally(room.right);
  };
