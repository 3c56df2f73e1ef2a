/** Rows and columns: time goes down; the two lanes stand side by side, and a hand-over stays in its row where it can. */
import type { Picture, PictureEdge } from '../../../domain/picture/picture.ts';
import type { Role } from '../../../domain/role.ts';

/** Where a state stands; columns count from the link outwards. */
export type Cell = { readonly row: number; readonly lane: Role; readonly column: number };

/** The cell of each state of the scenario's own path. */
export const gridOf = ({ states, edges }: Picture): ReadonlyMap<string, Cell> => {
  const waiting = states.filter(({ beside }) => beside === undefined);
  const ways = edges.filter(({ from, to }) => from !== to && waiting.some(({ id }) => id === to));
  const cells = new Map<string, Cell>();
  while (waiting.length > 0) {
    const ready = waiting.findIndex(({ id }) => into(ways, id).every(({ from }) => cells.has(from)));
    const [state] = waiting.splice(Math.max(0, ready), 1);
    if (state === undefined) break;
    const { id, lane } = state;
    const before = into(ways, id).flatMap(({ from }) => cells.get(from) ?? []);
    const above = Math.max(-1, ...before.map(({ row }) => row));
    const handOver = before.length > 0 && before.every((each) => each.row === above && each.lane !== lane);
    const row = handOver && columns(cells, above, lane) === 0 ? above : above + 1;
    cells.set(id, { row, lane, column: columns(cells, row, lane) });
  }
  return cells;
};

const into = (edges: readonly PictureEdge[], state: string): readonly PictureEdge[] =>
  edges.filter(({ to }) => to === state);

const columns = (cells: ReadonlyMap<string, Cell>, row: number, lane: Role): number =>
  [...cells.values()].filter((each) => each.row === row && each.lane === lane).length;

/** Does an edge pass rows in which others stand, so that it has to go outside? */
export const goesOutside = (from: Cell, to: Cell): boolean => to.row !== from.row + 1 && !staysInRow(from, to);

/** Is an edge a hand-over that goes straight across the link? */
export const staysInRow = (from: Cell, to: Cell): boolean =>
  from.row === to.row && from.lane !== to.lane && from.column === 0 && to.column === 0;
