/** What stands at the outer side of a state: records within it, and states off the path that were entered from it. */
import type { Picture, PictureEdge, PictureState } from '../../../domain/picture/picture.ts';
import { type Drawn, least, type Pill, type Point, pillGap } from './shapes.ts';

/** One thing at a state's side, with the pills of its edges. */
type Slot = { readonly pills: readonly Pill[]; readonly state?: PictureState; readonly side?: Side };

/** All of them, and the room that they take. */
export type Side = { readonly slots: readonly Slot[]; readonly width: number; readonly height: number };

const loop = 26;
const slotGap = 10;

/** What stands beside a state. */
export const sideOf = (
  picture: Picture,
  state: string,
  nodeWidth: number,
  pillOf: (edge: PictureEdge) => Pill,
): Side => {
  const between = (one: string, other: string): readonly Pill[] =>
    picture.edges.filter(({ from, to }) => from === one && to === other).map(pillOf);
  const slots: readonly Slot[] = [
    ...between(state, state).map((pill) => ({ pills: [pill] })),
    ...picture.states
      .filter(({ beside }) => beside === state)
      .map((each) => ({
        pills: [...between(state, each.id), ...between(each.id, state)],
        ...{ state: each, side: sideOf(picture, each.id, nodeWidth, pillOf) },
      })),
  ];
  const widths = slots.map(({ pills, side }) => {
    const widest = Math.max(...pills.map(({ width }) => width));
    return side === undefined ? loop + 6 + widest : widest + 2 * loop + nodeWidth + side.width;
  });
  return {
    slots,
    width: Math.max(0, ...widths),
    height: slots.reduce((sum, slot, i) => sum + heightOf(slot) + (i === 0 ? 0 : slotGap), 0),
  };
};

const heightOf = ({ pills, side }: Slot): number => {
  const lines = pills.reduce((sum, { height }) => sum + height + pillGap, -pillGap);
  return side === undefined ? Math.max(least.slot, lines) : Math.max(least.node, lines, side.height);
};

/** Draws a side outwards from the edge of its state's box; `out` is -1 to the left, 1 to the right. */
export const placeSide = (side: Side, from: Point, out: 1 | -1, nodeWidth: number): Drawn => {
  const drawn: Drawn = { nodes: [], lines: [] };
  let top = from.y - side.height / 2;
  for (const slot of side.slots) {
    const height = heightOf(slot);
    const middle = top + height / 2;
    top += height + slotGap;
    if (slot.state === undefined || slot.side === undefined) {
      for (const pill of slot.pills) {
        const [near, far] = [from.x, from.x + out * loop];
        const points = [-1, 1].flatMap((sign) => [
          { x: sign < 0 ? near : far, y: middle + sign * 8 },
          { x: sign < 0 ? far : near, y: middle + sign * 8 },
        ]);
        drawn.lines.push({
          edge: pill.edge,
          points,
          pill: { ...pill, x: far + out * (6 + pill.width / 2), y: middle },
        });
      }
      continue;
    }
    const widest = Math.max(...slot.pills.map(({ width }) => width));
    const far = from.x + out * (widest + 2 * loop);
    const lines = slot.pills.reduce((sum, pill) => sum + pill.height + pillGap, -pillGap);
    let y = middle - lines / 2;
    for (const pill of slot.pills) {
      const at = y + pill.height / 2;
      y += pill.height + pillGap;
      const ends = [
        { x: from.x, y: at },
        { x: far, y: at },
      ];
      const points = pill.edge.to === slot.state.id ? ends : ends.reverse();
      drawn.lines.push({ edge: pill.edge, points, pill: { ...pill, x: (from.x + far) / 2, y: at } });
    }
    const box = { x: Math.min(far, far + out * nodeWidth), y: middle - height / 2, width: nodeWidth, height };
    drawn.nodes.push({ state: slot.state, box });
    const beyond = placeSide(slot.side, { x: far + out * nodeWidth, y: middle }, out, nodeWidth);
    drawn.nodes.push(...beyond.nodes);
    drawn.lines.push(...beyond.lines);
  }
  return drawn;
};
