/** The way of an edge from one state of the path to another. */
import type { Role } from '../../../domain/role.ts';
import type { Lane } from './columns.ts';
import { type Cell, goesOutside, staysInRow } from './grid.ts';
import type { Line, Pill, Point } from './shapes.ts';
import type { Run } from './tracks.ts';

/** A state's place, its box still without its height on the page. */
export type Placed = Cell & { readonly x: number; readonly width: number; readonly height: number };

/** A way: the pieces of it that go sideways between rows, and its line once their heights are known. */
export type Way = {
  readonly runs: readonly Run[];
  readonly draw: (middles: readonly number[], heights: ReadonlyMap<object, number>) => Line;
};

/** The way of an edge; `used` counts the ways outside each lane. */
export const wayOf = (
  pill: Pill,
  from: Placed,
  to: Placed,
  lanes: Readonly<Record<Role, Lane>>,
  used: Record<Role, number>,
): Way => {
  const link = lanes.dmz.right;
  if (staysInRow(from, to)) {
    return {
      runs: [],
      draw: (middles) => {
        const y = middles[from.row] ?? 0;
        const side = ({ x, width }: Placed): Point => ({ x: x + (Math.sign(link - x) * width) / 2, y });
        return { edge: pill.edge, points: [side(from), side(to)], pill: { ...pill, x: link, y } };
      },
    };
  }
  const runs = goesOutside(from, to)
    ? outside(from, to, lanes, lanes[to.lane].outside[used[to.lane]++] ?? link)
    : [
        {
          gap: from.row,
          from: from.x,
          to: to.x,
          pill: { ...pill, x: from.lane === to.lane ? (from.x + to.x) / 2 : link },
        },
      ];
  return {
    runs,
    draw: (middles, heights) => {
      const turns = runs.flatMap((run) => {
        const y = heights.get(run) ?? 0;
        return [
          { x: run.from, y },
          { x: run.to, y },
        ];
      });
      const [first, last] = [turns[0], turns.at(-1)];
      const points = [
        { x: first?.x ?? from.x, y: (middles[from.row] ?? 0) + from.height / 2 },
        ...turns,
        { x: last?.x ?? to.x, y: (middles[to.row] ?? 0) - to.height / 2 },
      ];
      const x = runs[0]?.pill?.x ?? runs[0]?.to ?? to.x;
      return { edge: pill.edge, points, pill: { ...pill, x, y: ((first?.y ?? 0) + (last?.y ?? 0)) / 2 } };
    },
  };
};

/** Leaves and enters at the outer corners of the boxes, where no way between neighbours passes. */
const outside = (from: Placed, to: Placed, lanes: Readonly<Record<Role, Lane>>, x: number): readonly Run[] => {
  const corner = (place: Placed): number => place.x + lanes[place.lane].out * (place.width / 2 - 12);
  return [
    { gap: from.row, from: corner(from), to: x, pill: undefined },
    { gap: to.row - 1, from: x, to: corner(to), pill: undefined, enters: true },
  ];
};
