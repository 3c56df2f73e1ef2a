/** Builds read models anew, in one reading of the log, beside the live ones, and swaps them in. */
import { isLeft, left, right } from 'fp-ts/lib/Either.js';
import { type Decision, failureIn, refusal } from '../domain/failure.ts';
import type {
  AnyProjection,
  Beside,
  EventLog,
  Log,
  LoggedEvent,
  Position,
  Projection,
  ReadModels,
} from '../domain/ports.ts';
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

/** How many changed rows of a read model wait to be written, and how many are written together then. */
export type Waiting = { readonly rows: number; readonly atOnce: number };

/** Most transfers have ended by then, and each is written once. */
const usual: Waiting = { rows: 50_000, atOnce: 5_000 };

/** At once, or not at all: nobody waits for a rebuild. */
const atOnce: Patiently = async (attempt) => orThrow(await attempt());

/** Makes the rebuilds. */
export const rebuilding = (needs: RebuildNeeds, waiting = usual): Rebuilds => {
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
      await rebuild(needs, chosen as readonly Projection[], waiting, tell, stopping.signal);
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

type Anew = { readonly anew: Folding; readonly beside: Beside; written: Promise<void> };

const rebuild = async (
  { eventLog, models, projector }: RebuildNeeds,
  projections: readonly Projection[],
  waiting: Waiting,
  tell: (done: number) => void,
  signal: AbortSignal,
): Promise<void> => {
  const all: Anew[] = [];
  try {
    for (const projection of projections) {
      const beside = orThrow(await models.beside(projection)());
      const needs = { models: beside.models, live: models, patiently: atOnce };
      all.push({ anew: folding(needs, projection, undefined), beside, written: Promise.resolve() });
    }
    let done = 0;
    for await (const item of ahead(eventLog.follow(undefined, signal))) {
      if (item.kind === 'caughtUp') break;
      await Promise.all(all.map((one) => foldAndWrite(one, item.events, waiting)));
      done += item.events.length;
      tell(done);
    }
    await Promise.all(all.map((one) => finish(one, waiting)));
    for (const { anew, beside } of all) {
      if (signal.aborted) return;
      await projector.replace(anew.projection, async (live) => {
        await catchUp(eventLog, anew, live);
        orThrow(await beside.adopt()());
        return anew.checkpoint;
      });
    }
  } finally {
    for (const { written, beside } of all) {
      await written.catch(() => undefined);
      await beside.abandon();
    }
  }
};

/** Folds on while what was folded before is written. */
const foldAndWrite = async (one: Anew, events: readonly LoggedEvent[], { rows, atOnce }: Waiting): Promise<void> => {
  const { anew } = one;
  await anew.fold(events);
  if (anew.pending().rows < rows) return;
  await one.written;
  one.written = anew.flush(atOnce);
  one.written.catch(() => undefined);
};

const finish = async ({ anew, written, beside }: Anew, { atOnce }: Waiting): Promise<void> => {
  await written;
  while (anew.pending().rows > 0) await anew.flush(atOnce);
  orThrow(await beside.prepare()());
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
