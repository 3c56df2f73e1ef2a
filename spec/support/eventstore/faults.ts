/** What goes wrong at the wire server, as a test arms it while the server runs. */
import { chanceOf } from '../../faults/chance.ts';
import type { Endpoint } from './vocabulary.ts';

/** What becomes of one append. */
export type Fate = 'normal' | 'lost' | 'lostAndCut' | 'unanswered' | 'unansweredAndCut' | 'busy';

export type Faults = {
  /** Calls are taken and never answered. */
  silence(on: boolean): void;
  /** Everything is answered "server is not ready". */
  notReady(on: boolean): void;
  /** Writes are sent to the leader, if there is one that could be named. */
  notLeader(leader: Endpoint | 'unknown' | 'none'): void;
  /** All credentials are refused, or lack the right. */
  refuse(on: boolean): void;
  deny(on: boolean): void;
  /** How the question for the server's features goes. */
  features(how: 'answered' | 'failing' | 'silent'): void;
  /** The next so many appends are not answered, and with the last of them the connections break; they are stored, or not. */
  dropNext(count: number, when: 'beforeStored' | 'afterStored'): void;
  /** Appends of batches are not read any more. */
  stopReading(on: boolean): void;
  /** Time between two events of a subscription, in milliseconds. */
  pushEvery(milliseconds: number): void;
  /** Live subscriptions are dropped at their next event, as those of slow consumers are. */
  dropSlow(on: boolean): void;
  /** So many in a hundred appends meet one of these fates; which and when depends on the seed alone. */
  randomly(seed: number, percent: number, of?: readonly [Fate, ...Fate[]]): void;
  /** Everything is well again. */
  clear(): void;
  /** How many appends met which fate. */
  readonly met: ReadonlyMap<Fate, number>;
};

/** The faults with what the server asks of them. */
export type ArmedFaults = Faults & {
  readonly now: Readonly<Situation>;
  readonly fate: () => Fate;
  /** Lets a call be paused as the test says, until the answer is called. */
  readonly reads: (call: Reader) => () => void;
};

type Reader = { pause(): unknown; resume(): unknown };

type Situation = {
  silent: boolean;
  notReady: boolean;
  leader: Endpoint | 'unknown' | 'none';
  refusing: boolean;
  denying: boolean;
  features: 'answered' | 'failing' | 'silent';
  reading: boolean;
  pushEvery: number;
  dropSlow: boolean;
};
const fine = (): Situation => ({
  ...{ silent: false, notReady: false, leader: 'none', refusing: false, denying: false },
  ...{ features: 'answered', reading: true, pushEvery: 0, dropSlow: false },
});
const bad: readonly [Fate, ...Fate[]] = ['lost', 'lostAndCut', 'unanswered', 'unansweredAndCut', 'busy'];

/** No faults, to be armed. */
export const createFaults = (): ArmedFaults => {
  const now = fine();
  const met = new Map<Fate, number>();
  const readers = new Set<Reader>();
  let drops: Fate[] = [];
  let random: (() => Fate) | undefined;
  const set = (change: Partial<Situation>): void => {
    Object.assign(now, change);
  };
  const reading = (on: boolean): void => {
    set({ reading: on });
    for (const reader of readers) {
      if (on) reader.resume();
      else reader.pause();
    }
  };
  return {
    now,
    met,
    silence: (on) => set({ silent: on }),
    notReady: (on) => set({ notReady: on }),
    notLeader: (leader) => set({ leader }),
    refuse: (on) => set({ refusing: on }),
    deny: (on) => set({ denying: on }),
    features: (how) => set({ features: how }),
    dropNext: (count, when) => {
      const [quiet, cut] =
        when === 'beforeStored' ? (['lost', 'lostAndCut'] as const) : (['unanswered', 'unansweredAndCut'] as const);
      drops = [...Array.from({ length: count - 1 }, () => quiet), cut];
    },
    stopReading: (on) => reading(!on),
    pushEvery: (milliseconds) => set({ pushEvery: milliseconds }),
    dropSlow: (on) => set({ dropSlow: on }),
    randomly: (seed, percent, of = bad) => {
      const chance = chanceOf(seed, 'appends');
      random = () => (chance.whole(1, 100) <= percent ? chance.pick(of) : 'normal');
    },
    clear: () => {
      set(fine());
      [drops, random] = [[], undefined];
      reading(true);
    },
    fate: () => {
      const fate = drops.shift() ?? random?.() ?? 'normal';
      met.set(fate, (met.get(fate) ?? 0) + 1);
      return fate;
    },
    reads: (call) => {
      readers.add(call);
      if (!now.reading) call.pause();
      return () => readers.delete(call);
    },
  };
};
