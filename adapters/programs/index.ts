/** Programs of the operator's, run on payloads: see docs/tasks/processing.md. */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isLeft } from 'fp-ts/lib/Either.js';
import { type Attempt, failing, failureIn, temporary } from '../../domain/failure.ts';
import type { Clock, Log, ProgramEnd, ProgramJob, Programs } from '../../domain/ports.ts';
import { transferId } from '../../domain/transfer/vocabulary.ts';
import { attempt } from '../shared/attempt.ts';
import { explain, type Launched, launch } from './launch.ts';
import { clear, furnish, type Place, placeOf, resultAt } from './place.ts';
import { lastLine } from './tail.ts';

/** `environment` is ours: of it a program gets PATH, HOME and LANG only. */
export type ProgramOptions = {
  readonly directory: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly log: Log;
};

/** So many at once: programs that hang must not keep everything else from moving. */
const most = 16;
/** How much of what it said stands in the log. */
const shown = 2000;
const inherited = ['PATH', 'HOME', 'LANG'] as const;

/** Opens the place where programs run, and at once ends what a crash of ours has left running there. */
export const localPrograms = async (options: ProgramOptions): Promise<Programs> => {
  const { clock, log } = options;
  const root = join(options.directory, 'run');
  const left = (await readdir(root).catch(() => [])).filter((name) => transferId.safeParse(name).success);
  const cleared = Promise.allSettled(left.map((name) => clear(placeOf(root, name))));
  const closing = new AbortController();
  const running = new Set<Promise<unknown>>();

  const end = async (job: ProgramJob, place: Place, launched: Launched): Promise<ProgramEnd> => {
    const { exit, output, errors } = launched;
    const well = exit.kind === 'code' && exit.code === 0;
    const [program] = job.step.command;
    const said = { output: output.slice(-shown), errors: errors.slice(-shown) };
    const facts = { transfer: job.transfer, attempt: job.attempt, program, exit: { ...exit }, ...said };
    if (well) log.debug('a program ended', facts);
    else log.warn('a program failed', facts);
    const file = job.step.result === 'stdout' ? place.printed : place.result;
    const result = well && job.step.result !== 'keep' ? await resultAt(file, job.step.maxResult) : undefined;
    return { exit, said: lastLine(errors), result };
  };

  const launchAt = async (job: ProgramJob, place: Place, signal: AbortSignal): Promise<ProgramEnd> => {
    await furnish(place, job.payload);
    const environment = environmentOf(options.environment, job, place);
    const either = AbortSignal.any([signal, closing.signal]);
    return end(job, place, await launch(job, place, environment, clock, either));
  };

  const run = async <A>(
    job: ProgramJob,
    signal: AbortSignal,
    whenEnded: (end: ProgramEnd) => Attempt<A>,
  ): Promise<A> => {
    const place = placeOf(root, job.transfer);
    await clear(place);
    try {
      const done = await whenEnded(await launchAt(job, place, signal))();
      if (isLeft(done)) throw failing(done.left);
      await leave(place);
      return done.right;
    } catch (error) {
      // What is still running is found by what lies there.
      if (failureIn(error)?.code !== 'stillRunning') await leave(place);
      throw error;
    }
  };

  return {
    run: (job, signal, whenEnded) =>
      attempt(async () => {
        await cleared;
        if (closing.signal.aborted) throw failing(temporary('stopped', 'this server stops'));
        if (running.size >= most) throw failing(temporary('noSlot', `${most} programs are running already`));
        const work = run(job, signal, whenEnded);
        running.add(work);
        return work.finally(() => running.delete(work));
      }, explain(job.step.command[0])),
    close: async () => {
      closing.abort();
      await Promise.allSettled([cleared, ...running]);
    },
  };
};

const leave = (place: Place): Promise<void> => rm(place.directory, { recursive: true, force: true });

const environmentOf = (
  ours: ProgramOptions['environment'],
  { transfer, attempt: tries, run, channel, name }: ProgramJob,
  place: Place,
): Readonly<Record<string, string>> => ({
  ...Object.fromEntries(inherited.flatMap((each) => (ours[each] === undefined ? [] : [[each, ours[each]]]))),
  SALLYPORT_TRANSFER: transfer,
  SALLYPORT_RUN: String(run),
  SALLYPORT_ATTEMPT: String(tries),
  SALLYPORT_CHANNEL: channel,
  SALLYPORT_NAME: name,
  SALLYPORT_PAYLOAD: place.payload,
  SALLYPORT_RESULT: place.result,
});
