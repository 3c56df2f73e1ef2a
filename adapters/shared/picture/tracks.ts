/** Between two rows every edge has a height of its own, where another would lie in its way. */

/** A piece of an edge that goes sideways between two rows, as wide as its pill where it bears one. */
export type Run = {
  readonly gap: number;
  readonly from: number;
  readonly to: number;
  /** Does it come from the outside? It is the lowest, so that it meets no pill on its way down. */
  readonly enters?: boolean;
  readonly pill: { readonly x: number; readonly width: number; readonly height: number } | undefined;
};

/** The heights of one gap. */
export type Gap<R> = { readonly height: number; readonly at: ReadonlyMap<R, number> };

const room = { first: 18, between: 10, last: 22, line: 12 };

/** Gives every run of a gap its height from the gap's top; those that go sideways come first, so that they leave the others' pills below them. */
export const tracksOf = <R extends Run>(runs: readonly R[]): Gap<R> => {
  const tracks: R[][] = [];
  for (const run of [...runs].sort(
    (a, b) => order(a) - order(b) || Math.abs(b.to - b.from) - Math.abs(a.to - a.from),
  )) {
    const free = tracks.find((track) => track.every((other) => apart(extent(run), extent(other))));
    if (free === undefined) tracks.push([run]);
    else free.push(run);
  }
  const at = new Map<R, number>();
  let top = room.first;
  for (const track of tracks) {
    const height = Math.max(room.line, ...track.map(({ pill }) => pill?.height ?? 0));
    for (const run of track) at.set(run, top + height / 2);
    top += height + room.between;
  }
  return { height: tracks.length === 0 ? 24 : top - room.between + room.last, at };
};

const order = ({ enters }: Run): number => (enters === true ? 1 : 0);

const extent = ({ from, to, pill }: Run): readonly [number, number] => {
  const half = (pill?.width ?? 0) / 2;
  const middle = pill?.x ?? from;
  return [Math.min(from, to, middle - half) - room.line, Math.max(from, to, middle + half) + room.line];
};

const apart = (a: readonly [number, number], b: readonly [number, number]): boolean => a[1] < b[0] || b[1] < a[0];
