/** Follows the log and keeps the read models: one transaction a batch and projection, rows and checkpoint together. */
import { isLeft } from 'fp-ts/lib/Either.js';
import { Subject } from 'rxjs';
import type {
  AnyProjection,
  Clock,
  EventLog,
  Live,
  Log,
  LoggedEvent,
  Position,
  Projection,
  ReadModels,
  Row,
} from '../domain/ports.ts';
import { ahead } from './ahead.ts';
import { type Folding, folding, type Patiently } from './folding.ts';
import { pause } from './pause.ts';
import { orThrow } from './unwrap.ts';

/** The running read models of a server. */
export type Projector = {
  /** Answers once everything that was in the log at the start is in the read models. */
  readonly caughtUp: Promise<void>;
  /** Answers once the read models have come to this position; false where they cannot now, and show what was: nobody waits for long. */
  settled(position: Position | undefined): Promise<boolean>;
  /** Do they wait for room on the disk? */
  readonly waitsForRoom: () => boolean;
  /** Changes a row beside its fold (a mark that is no event), or removes it (undefined); runs in turn with the folding. */
  mark<R extends Row>(projection: Projection<R>, key: string, change: (row: R) => R | undefined): Promise<void>;
  /** Runs in turn with the folding: `build` puts other rows in the place of the live ones, come as far or farther, and answers how far. */
  replace(
    projection: AnyProjection,
    build: (live: Position | undefined) => Promise<Position | undefined>,
  ): Promise<void>;
  /** How far the live rows have come. */
  checkpointOf(projection: AnyProjection): Position | undefined;
  readonly projections: readonly AnyProjection[];
  /** Batches of events, after their rows are stored. */
  readonly batches: Live<readonly LoggedEvent[]>;
  /** Ends with the signal given at the start; rejects on a defect. */
  readonly ended: Promise<void>;
};

/** A checkpoint over events that concern no row is saved after so many of them: at worst they are looked at again. */
const mostUnsaved = 1_000;
/** While history is read nobody asks for it yet: so many changed rows are written together. */
const historyRows = 5_000;
const historyEvents = 50_000;

/** What the projector rests on. */
export type ProjectorNeeds = {
  readonly eventLog: EventLog;
  readonly models: ReadModels;
  readonly clock: Clock;
  readonly log: Log;
};

const firstWait = 100;
const longestWait = 5_000;
/** Whoever asks waits no longer for what is recorded to be shown: the event log may have gone away in between. */
const longestSettling = 10_000;

/** Starts the read models; they stop with the signal. On a full disk they wait for room, without the log for the log, and answer as far as they have come. */
export const startProjector = async (
  needs: ProjectorNeeds,
  projections: readonly AnyProjection[],
  signal: AbortSignal,
): Promise<Projector> => {
  const { models, clock } = needs;
  const running: Folding[] = [];
  let stuck = false;
  const batches = new Subject<readonly LoggedEvent[]>();
  const waiting = new Set<{ readonly position: Position; readonly resolve: (come: boolean) => void }>();
  let queue: Promise<unknown> = Promise.resolve();
  const inTurn = <A>(work: () => Promise<A>): Promise<A> => {
    const result = queue.then(work);
    queue = result.catch(() => undefined);
    return result;
  };
  let caught: () => void = () => undefined;
  const caughtUp = new Promise<void>((resolve) => {
    caught = resolve;
  });

  const hasCome = (position: Position): boolean => reached !== undefined && position <= reached;
  /** Answers those whose position has come, and those that shall not wait any longer. */
  const release = (all: boolean): void => {
    for (const each of waiting) {
      if (!all && !hasCome(each.position)) continue;
      waiting.delete(each);
      each.resolve(hasCome(each.position));
    }
  };

  /** Tries until there is room on the disk; any other failure is final. */
  const patiently: Patiently = async (attempt) => {
    for (let wait = firstWait; ; wait = Math.min(wait * 2, longestWait)) {
      const done = await attempt();
      if (!isLeft(done)) {
        stuck = false;
        return done.right;
      }
      if (done.left.code !== 'noSpace' || signal.aborted) throw new Error(done.left.text);
      if (!stuck) needs.log.alarm('the read models wait for room on the disk', { why: done.left.text });
      stuck = true;
      // Nobody is kept waiting for room: what there is is answered.
      release(true);
      await pause(clock, wait, signal);
    }
  };

  for (const projection of projections as readonly Projection[]) {
    const checkpoint = orThrow(await models.open(projection)());
    running.push(folding({ models, patiently }, projection, checkpoint));
  }
  let reached = running.map((each) => each.checkpoint).reduce(lower, running[0]?.checkpoint);
  let read = reached;
  let history = true;

  const write = async (each: Folding, all: boolean): Promise<void> => {
    const { rows, passed } = each.pending();
    const due = history ? rows >= historyRows || passed >= historyEvents : rows > 0 || passed >= mostUnsaved;
    if (all || due) await each.flush();
  };

  const take = async (events: readonly LoggedEvent[]): Promise<void> => {
    for (const each of running)
      await inTurn(async () => {
        await each.fold(events);
        await write(each, false);
      });
    read = events.at(-1)?.position ?? read;
    if (!history) show(events);
  };

  const show = (events: readonly LoggedEvent[]): void => {
    reached = read;
    release(false);
    batches.next(events);
  };

  const endOfHistory = async (): Promise<void> => {
    for (const each of running) await inTurn(() => each.flush());
    history = false;
    show([]);
    caught();
  };

  const run = async (): Promise<void> => {
    for await (const item of ahead(needs.eventLog.follow(reached, signal))) {
      if (item.kind === 'caughtUp') await endOfHistory();
      else await take(item.events);
    }
  };
  const ended = run()
    .catch((error: unknown) => {
      if (!signal.aborted) throw error;
    })
    .finally(() => {
      release(true);
      batches.complete();
    });

  return {
    caughtUp: Promise.race([caughtUp, ended]),
    settled: (position) =>
      position === undefined || hasCome(position)
        ? Promise.resolve(true)
        : stuck || signal.aborted
          ? Promise.resolve(false)
          : new Promise((resolve) => {
              const cancel = clock.after(longestSettling, () => answer(false));
              const answer = (come: boolean): void => {
                cancel();
                waiting.delete(asked);
                resolve(come);
              };
              const asked = { position, resolve: answer };
              waiting.add(asked);
            }),
    waitsForRoom: () => stuck,
    mark: (projection, key, change) =>
      inTurn(async () => {
        if (history) for (const each of running) await each.flush();
        const row = (await patiently(models.get(projection, [key]))).get(key);
        if (row !== undefined) await patiently(models.put(projection, new Map([[key, change(row)]])));
      }),
    replace: ({ name }, build) =>
      inTurn(async () => {
        const at = running.findIndex((each) => each.projection.name === name);
        const live = running[at];
        if (live === undefined) throw new Error(`there is no read model ${name}`);
        const checkpoint = await build(live.checkpoint);
        running[at] = folding({ models, patiently }, live.projection, checkpoint);
      }),
    checkpointOf: ({ name }) => running.find((each) => each.projection.name === name)?.checkpoint,
    projections,
    batches,
    ended,
  };
};

const lower = (a: Position | undefined, b: Position | undefined): Position | undefined =>
  a === undefined || b === undefined ? undefined : a < b ? a : b;
