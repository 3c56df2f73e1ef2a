/** Chance that can be had again: everything that a crash test decides comes from its seed. */

/** Numbers from 0 to below 1 (mulberry32), the same for the same seed and name. */
export type Chance = {
  /** A whole number from `from` to `to`, both included. */
  readonly whole: (from: number, to: number) => number;
  readonly pick: <A>(all: readonly [A, ...A[]]) => A;
  readonly shuffled: <A>(all: readonly A[]) => readonly A[];
};

/** A source of chance of its own: what others draw does not change it. */
export const chanceOf = (seed: number, name: string): Chance => {
  let state = [...name].reduce((sum, char) => Math.imul(sum ^ char.charCodeAt(0), 16_777_619), seed ^ 0x811c9dc5);
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const whole = (from: number, to: number): number => from + Math.floor(next() * (to - from + 1));
  return {
    whole,
    pick: (all) => all[whole(0, all.length - 1)] ?? all[0],
    shuffled: (all) =>
      all
        .map((each) => ({ each, order: next() }))
        .sort((a, b) => a.order - b.order)
        .map(({ each }) => each),
  };
};
