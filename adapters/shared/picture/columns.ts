/** Where the columns of the two lanes stand, from the link outwards. */
import type { Role } from '../../../domain/role.ts';
import type { Cell } from './grid.ts';

/** What must fit: the boxes, what stands beside them, the pills between them, the edges that pass outside. */
export type Needs = {
  readonly node: number;
  readonly pill: number;
  readonly cells: readonly (Cell & { readonly side: number })[];
  /** How many edges go along the outside of a lane. */
  readonly outside: Readonly<Record<Role, number>>;
};

/** A lane from left to right, and the places in it: -1 is outwards in dmz's, 1 in inner's. */
export type Lane = {
  readonly left: number;
  readonly right: number;
  readonly out: 1 | -1;
  /** The middle of the boxes of each column. */
  readonly columns: readonly number[];
  /** Where edges go that pass outside. */
  readonly outside: readonly number[];
};

const least = { lane: 176, gutter: 120, total: 720 };
const pad = 28;

/** Both lanes, for a picture that begins at `margin`. */
export const lanesFor = (needs: Needs, margin: number): Readonly<Record<Role, Lane>> => {
  const [dmz, inner] = [spanOf(needs, 'dmz'), spanOf(needs, 'inner')];
  const spare = Math.max(0, least.total - dmz.width - inner.width) / 2;
  const link = margin + dmz.width + spare;
  const at = (out: 1 | -1, { columns, outside }: Span) => ({
    ...{ out, columns: columns.map((each) => link + out * each), outside: outside.map((each) => link + out * each) },
  });
  return {
    dmz: { left: margin, right: link, ...at(-1, dmz) },
    inner: { left: link, right: link + inner.width + spare, ...at(1, inner) },
  };
};

type Span = { readonly width: number; readonly columns: readonly number[]; readonly outside: readonly number[] };

const spanOf = ({ node, pill, cells, outside }: Needs, lane: Role): Span => {
  const own = cells.filter((each) => each.lane === lane);
  const gap = Math.max(32, pill + 48 - node);
  const columns: number[] = [];
  let edge = Math.max(least.gutter, pill + 56) / 2;
  for (let column = 0; own.some((each) => each.column === column); column += 1) {
    columns.push(edge + node / 2);
    edge += node + Math.max(...own.filter((each) => each.column === column).map(({ side }) => side)) + gap;
  }
  const used = columns.length === 0 ? 0 : edge - gap + Math.max(pad, (pill - node) / 2 + pad / 2);
  return {
    width: Math.max(least.lane, used + outside[lane] * (pill + pad / 2)),
    columns,
    outside: Array.from({ length: outside[lane] }, (_, i) => used + i * (pill + pad / 2) + pill / 2),
  };
};
