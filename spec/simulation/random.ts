/** Chance from a seed: the same seed, the same choices, on every machine. */

/** The dice of one schedule. */
export type Random = {
  /** A whole number from 0 up to, not including, `below`. */
  int(below: number): number;
  chance(probability: number): boolean;
  pick<A>(list: readonly A[]): A;
  shuffled<A>(list: readonly A[]): readonly A[];
};

/** Dice by sfc32 (Chris Doty-Humphrey's small fast counting generator), warmed up so that near seeds differ. */
export const randomFrom = (seed: number): Random => {
  let [a, b, c, d] = [seed | 0, Math.floor(seed / 2 ** 32) | 0, 0x9e3779b9 | 0, 1];
  const next = (): number => {
    const sum = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return sum >>> 0;
  };
  for (let i = 0; i < 15; i += 1) next();
  const int = (below: number): number => Math.floor((next() / 2 ** 32) * below);
  return {
    int,
    chance: (probability) => next() < probability * 2 ** 32,
    pick: (list) => {
      if (list.length === 0) throw new Error('there is nothing to pick from');
      return list[int(list.length)] as (typeof list)[number];
    },
    shuffled: (list) => {
      const all = [...list];
      for (let i = all.length - 1; i > 0; i -= 1) {
        const j = int(i + 1);
        [all[i], all[j]] = [all[j] as (typeof all)[number], all[i] as (typeof all)[number]];
      }
      return all;
    },
  };
};
