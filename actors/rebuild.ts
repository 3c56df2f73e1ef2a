/** Builds read models anew, in one reading of the log, beside the live ones, and swaps them in. */
import { isLeft, left, right } from 'fp-ts/lib/Either.js';
import { type Decision, failureIn, refusal } from '../domain/failure.ts';
import type { AnyProjection, Beside, EventLog, Log, Position, Projection, ReadModels } from '../domain/ports.ts';
import { ahead } from './ahead.ts';
import { type Folding, folding, type Patiently } from './folding.ts';
import type { Projector } from './projector.ts';
import { orThrow } from './unwrap.ts';

/** What it rests on. */
export type RebuildNeeds = {
  readonly eventLog: EventLog;
  readonly models: ReadModels;
  readonly projector: Projector;
  readonly log: Log;
};

/** How far a rebuild is: of how many events; why it failed, where it did. */
export type Progress = { readonly done: number; readonly of: number; readonly failed: string | null };

/** The rebuilds of a server. */
export type Rebuilds = {
  /** Starts; none named: all. Refused while one runs. Answers what will be rebuilt. */
  start(names: readonly string[], login: string): Promise<Decision<readonly string[]>>;
  /** The rebuild of a read model that runs, waits for its turn, or failed last. */
  progressOf(name: string): Progress | undefined;
  /** Breaks off what runs; the live read models stay. */
  stop(): Promise<void>;
};

const pagesAhead = 4;
const rowsAtOnce = 10_000;
const keptRows = 20_000;

/** At once, or not at all: nobody waits for a rebuild. */
const atOnce: Patiently = async (attempt) => orThrow(await attempt());

/** Makes the rebuilds. */
export const rebuilding = (needs: RebuildNeeds): Rebuilds => {
  const { projector, log } = needs;
  const stopping = new AbortController();
  const told = new Map<string, Progress>();
  let running: Promise<void> | undefined;

  const rebuildAll = async (chosen: readonly AnyProjection[]): Promise<void> => {
    const names = chosen.map(({ name }) => name);
    const tell = (done: number): void => {
      for (const name of names) told.set(name, { done, of: told.get(name)?.of ?? 0, failed: null });
    };
    try {
      await rebuild(needs, chosen as readonly Projection[], tell, stopping.signal);
      told.clear();
      log.info('read models were built anew', { names });
    } catch (error) {
      if (stopping.signal.aborted) return;
      const why = failureIn(error)?.text ?? (error instanceof Error ? error.message : String(error));
      for (const name of names) told.set(name, { done: 0, of: 0, failed: why.slice(0, 1000) });
      log.error('read models could not be built anew; those that are there stay', { names, why });
    }
  };

  return {
    start: async (names, login) => {
      if (running !== undefined) return left(refusal('busy', 'a rebuild runs already; see "projections list"'));
      const known = projector.projections.map(({ name }) => name);
      const unknown = names.find((name) => !known.includes(name));
      if (unknown !== undefined)
        return left(refusal('notFound', `there is no read model ${unknown}; there is ${known.join(', ')}`));
      const chosen = projector.projections.filter(({ name }) => names.length === 0 || names.includes(name));
      told.clear();
      running = (async () => {
        for (const projection of chosen) {
          const state = await needs.models.state(projection)();
          told.set(projection.name, { done: 0, of: isLeft(state) ? 0 : state.right.passed, failed: null });
        }
      })();
      await running;
      log.info('read models are built anew', { names: chosen.map(({ name }) => name), by: login });
      running = rebuildAll(chosen).finally(() => {
        running = undefined;
      });
      return right(chosen.map(({ name }) => name));
    },
    progressOf: (name) => told.get(name),
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
};

const rebuild = async (
  { eventLog, models, projector }: RebuildNeeds,
  projections: readonly Projection[],
  tell: (done: number) => void,
  signal: AbortSignal,
): Promise<void> => {
  const besides: Beside[] = [];
  try {
    const all: Folding[] = [];
    for (const projection of projections) {
      const beside = orThrow(await models.beside(projection)());
      besides.push(beside);
      const needs = { models: beside.models, live: models, patiently: atOnce, kept: keptRows };
      all.push(folding(needs, projection, undefined));
    }
    let done = 0;
    for await (const item of ahead(eventLog.follow(undefined, signal), pagesAhead)) {
      if (item.kind === 'caughtUp') break;
      for (const anew of all) {
        await anew.fold(item.events);
        if (anew.pending().rows >= rowsAtOnce) await anew.flush();
      }
      done += item.events.length;
      tell(done);
    }
    for (const [i, anew] of all.entries()) {
      if (signal.aborted) return;
      await projector.replace(anew.projection, async (live) => {
        await catchUp(eventLog, anew, live);
        const adopted = await besides[i]?.adopt()();
        if (adopted !== undefined) orThrow(adopted);
        return anew.checkpoint;
      });
    }
  } finally {
    for (const beside of besides) await beside.abandon();
  }
};

/** What was recorded while the last of history was read. */
const catchUp = async (eventLog: EventLog, anew: Folding, live: Position | undefined): Promise<void> => {
  while (live !== undefined && (anew.checkpoint === undefined || anew.checkpoint < live)) {
    const events = orThrow(await eventLog.readAll({ after: anew.checkpoint })());
    if (events.length === 0) break;
    await anew.fold(events);
  }
  await anew.flush();
};
