/** Which bytes of a file are there: one run from 0, and islands beyond it. */
export interface Extents {
  /** Bytes from 0 on without a hole. */
  readonly contiguous: number;
  /** How many islands lie beyond the first hole. */
  readonly islands: number;
  /** Would bytes at this offset leave a hole before them? */
  leavesHole(offset: number): boolean;
  add(from: number, to: number): void;
}

/** Extents that begin with `length` bytes. */
export const extents = (length = 0): Extents => {
  let contiguous = length;
  let islands: (readonly [from: number, to: number])[] = [];
  return {
    get contiguous() {
      return contiguous;
    },
    get islands() {
      return islands.length;
    },
    leavesHole: (offset) => offset > contiguous,
    add: (from, to) => {
      if (islands.length === 0 && from <= contiguous) {
        contiguous = Math.max(contiguous, to);
        return;
      }
      const touching = islands.filter((island) => island[0] <= to && island[1] >= from);
      const merged = [
        Math.min(from, ...touching.map((island) => island[0])),
        Math.max(to, ...touching.map((island) => island[1])),
      ] as const;
      islands = [...islands.filter((island) => !touching.includes(island)), merged].sort((a, b) => a[0] - b[0]);
      while (islands[0] !== undefined && islands[0][0] <= contiguous) {
        contiguous = Math.max(contiguous, islands[0][1]);
        islands.shift();
      }
    },
  };
};
