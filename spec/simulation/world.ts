/** Simulated time: everything that could happen next lies here, and the dice say what does. Nothing happens by itself. */
import { type Random, randomFrom } from './random.ts';

/** Whoever does something: a life of a server, the link, a partner. What the dead had begun does not go on. */
export type Actor = { readonly name: string; alive: boolean };

/** Something that could happen now. */
type Task = {
  readonly by: Actor;
  readonly what: string;
  readonly run: () => void;
  /** What the world may still do for somebody who died after asking. */
  readonly unheard: (() => void) | undefined;
};

type Timer = { readonly by: Actor; readonly due: number; readonly what: string; readonly callback: () => void };

/** What befalls a schedule: each strike uses up one of its faults, and there are none after `stop`. */
export type Faults = {
  strikes(kind: string, probability: number): boolean;
  readonly struck: readonly string[];
  stop(): void;
};

/** The simulated world of one schedule. */
export type World = {
  readonly random: Random;
  readonly faults: Faults;
  readonly now: () => number;
  readonly lines: readonly string[];
  say(by: string, what: string): void;
  /** Is what is said kept? Details are made up only then. */
  readonly traced: boolean;
  task(by: Actor, what: string, run: () => void, unheard?: () => void): void;
  timer(by: Actor, milliseconds: number, what: string, callback: () => void): () => void;
  /** A pause of a partner, or of the world. */
  sleep(by: Actor, milliseconds: number): Promise<void>;
  /** Ends an actor: what it had asked for happens unheard, or not at all. */
  kill(actor: Actor): void;
  /** One thing happens; answers false where only timers are left, or nothing. */
  step(): boolean;
  /** When the next timer is due, if there is one. */
  nextTimer(): number | undefined;
  /** Time goes on to the next timer. */
  wait(): void;
};

const longestTrace = 20_000;

/** Makes a world. With `traced` it says what happens. */
export const openWorld = (seed: number, traced: boolean): World => {
  const random = randomFrom(seed);
  const tasks: Task[] = [];
  let timers: Timer[] = [];
  const lines: string[] = [];
  let now = 0;
  const struck: string[] = [];
  let left = random.int(8);

  const say = (by: string, what: string): void => {
    if (traced && lines.length < longestTrace) lines.push(`${(now / 1000).toFixed(3).padStart(10)}  ${by}: ${what}`);
  };
  const earliest = (): Timer | undefined => {
    let first: Timer | undefined;
    for (const timer of timers) if (first === undefined || timer.due < first.due) first = timer;
    return first;
  };
  const timer = (by: Actor, milliseconds: number, what: string, callback: () => void): (() => void) => {
    if (!by.alive) return () => undefined;
    const entry = { by, due: now + Math.max(0, milliseconds), what, callback };
    timers.push(entry);
    return () => {
      timers = timers.filter((each) => each !== entry);
    };
  };

  return {
    random,
    traced,
    lines,
    say,
    timer,
    now: () => now,
    faults: {
      struck,
      strikes: (kind, probability) => {
        if (left === 0 || !random.chance(probability)) return false;
        left -= 1;
        struck.push(kind);
        say('fault', kind);
        return true;
      },
      stop: () => {
        left = 0;
      },
    },
    task: (by, what, run, unheard) => {
      if (by.alive) tasks.push({ by, what, run, unheard });
    },
    sleep: (by, milliseconds) =>
      new Promise((resolve) => {
        timer(by, milliseconds, 'wakes', resolve);
      }),
    kill: (actor) => {
      actor.alive = false;
      timers = timers.filter((each) => each.by !== actor);
      const its = tasks.filter((each) => each.by === actor);
      for (const each of its) {
        tasks.splice(tasks.indexOf(each), 1);
        if (each.unheard === undefined || !random.chance(0.3)) continue;
        say(actor.name, `${each.what} — done, but it died before it heard`);
        each.unheard();
      }
    },
    step: () => {
      if (tasks.length === 0) return false;
      const index = random.int(tasks.length);
      const task = tasks[index] as Task;
      tasks[index] = tasks[tasks.length - 1] as Task;
      tasks.pop();
      now += random.int(4);
      say(task.by.name, task.what);
      task.run();
      return true;
    },
    nextTimer: () => earliest()?.due,
    wait: () => {
      const next = earliest();
      if (next === undefined) return;
      timers.splice(timers.indexOf(next), 1);
      now = Math.max(now, next.due);
      say(next.by.name, next.what);
      next.callback();
    },
  };
};

/** Answers once everything that is ready has run: Node runs its ticks when no promise has anything left to do. */
export const drained = (): Promise<void> =>
  new Promise((resolve) => {
    process.nextTick(resolve);
  });
