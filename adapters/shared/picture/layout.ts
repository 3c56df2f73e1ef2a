/** Lays a picture out: two lanes side by side, dmz on the left as it faces the internet, time from top to bottom. */
import type { Picture, PictureEdge } from '../../../domain/picture/picture.ts';
import type { Role } from '../../../domain/role.ts';
import { type Lane, lanesFor } from './columns.ts';
import { type Cell, goesOutside, gridOf } from './grid.ts';
import { type Box, type Drawn, faces, least, nodeWidth, type Point, pillOf } from './shapes.ts';
import { placeSide, type Side, sideOf } from './sides.ts';
import { clip, widthOf, wrap } from './text.ts';
import { tracksOf } from './tracks.ts';
import { type Placed, type Way, wayOf } from './ways.ts';
import { headWords, notes } from './words.ts';

/** A line of text under the picture. */
type NoteLine = Point & { readonly lead: string; readonly text: string };

/** A picture with everything in its place. */
export type Layout = Drawn & {
  readonly width: number;
  readonly height: number;
  readonly title: string;
  readonly under: string;
  readonly lanes: Readonly<Record<Role, Box>>;
  readonly notes: readonly NoteLine[];
};

/** Around the whole, and to where the title reaches. */
export const margin = 24;
const head = 76;
const laneHead = 46;
const laneFoot = 24;
const noteHeight = 20;

/** The layout of a picture. */
export const layout = (picture: Picture): Layout => {
  const grid = gridOf(picture);
  const wide = Math.max(124, ...picture.states.map(nodeWidth));
  const pills = pillOf(picture);
  const sides = new Map([...grid.keys()].map((id) => [id, sideOf(picture, id, wide, pills)]));
  const edges = picture.edges.filter(({ from, to }) => from !== to && grid.has(from) && grid.has(to));
  const lanes = lanesOf(grid, sides, edges, wide, Math.max(0, ...edges.map((edge) => pills(edge).width)));
  const placed = new Map<string, Placed>();
  for (const { id, kind } of picture.states) {
    const cell = grid.get(id);
    if (cell === undefined) continue;
    const height = Math.max(least.node, sides.get(id)?.height ?? 0);
    const box = kind === 'begin' ? { width: 24, height: 24 } : { width: wide, height };
    placed.set(id, { ...cell, ...box, x: lanes[cell.lane].columns[cell.column] ?? 0 });
  }
  const used = { dmz: 0, inner: 0 };
  const ways = edges.map((edge) => wayOf(pills(edge), at(placed, edge.from), at(placed, edge.to), lanes, used));
  const { middles, bottom, tops } = rowsOf([...placed.values()], ways);
  const drawn: Drawn = { nodes: [], lines: ways.map((way) => way.draw(middles, tops)) };
  for (const state of picture.states) {
    const place = placed.get(state.id);
    if (place === undefined) continue;
    const { x, width, height, lane } = place;
    const y = middles[place.row] ?? 0;
    drawn.nodes.push({ state, box: { x: x - width / 2, y: y - height / 2, width, height } });
    const { out } = lanes[lane];
    const beside = placeSide(sides.get(state.id) ?? nothing, { x: x + (out * width) / 2, y }, out, wide);
    drawn.nodes.push(...beside.nodes);
    drawn.lines.push(...beside.lines);
  }
  return framed(picture, drawn, lanes, bottom);
};

const nothing: Side = { slots: [], width: 0, height: 0 };

const at = (placed: ReadonlyMap<string, Placed>, id: string): Placed => {
  const found = placed.get(id);
  if (found === undefined) throw new Error(`${id} has no place in the picture`);
  return found;
};

const lanesOf = (
  grid: ReadonlyMap<string, Cell>,
  sides: ReadonlyMap<string, Side>,
  edges: readonly PictureEdge[],
  node: number,
  pill: number,
): Readonly<Record<Role, Lane>> => {
  const cells = [...grid].map(([id, cell]) => ({ ...cell, side: sides.get(id)?.width ?? 0 }));
  const outside = (lane: Role): number =>
    edges.filter(({ from, to }) => {
      const [start, end] = [grid.get(from), grid.get(to)];
      return start !== undefined && end?.lane === lane && goesOutside(start, end);
    }).length;
  return lanesFor({ node, pill, cells, outside: { dmz: outside('dmz'), inner: outside('inner') } }, margin);
};

/** The heights on the page: the middle of each row, the height of each run between them, and where the last row ends. */
const rowsOf = (places: readonly Placed[], ways: readonly Way[]) => {
  const runs = ways.flatMap((way) => way.runs);
  const [middles, tops] = [[] as number[], new Map<object, number>()];
  let y = head + laneHead;
  const last = Math.max(...places.map(({ row }) => row));
  for (let gap = -1; gap <= last; gap += 1) {
    const row = places.filter((each) => each.row === gap).map(({ height }) => Math.max(least.node, height));
    const height = Math.max(0, ...row);
    if (gap >= 0) middles.push(y + height / 2);
    y += height;
    const tracks = tracksOf(runs.filter((run) => run.gap === gap));
    for (const [run, top] of tracks.at) tops.set(run, y + top);
    if (tracks.at.size > 0 || (gap >= 0 && gap < last)) y += tracks.height;
  }
  return { middles, tops, bottom: y + laneFoot };
};

const framed = (picture: Picture, drawn: Drawn, lanes: Readonly<Record<Role, Lane>>, bottom: number): Layout => {
  const inside = lanes.inner.right - margin;
  const { title, under } = headWords(picture);
  const box = ({ left, right }: Lane): Box => ({ x: left, y: head, width: right - left, height: bottom - head });
  const lines = notes(picture).flatMap(({ lead, text }) => {
    const indent = Math.min(widthOf(`${lead} `, faces.lead), inside / 2);
    return wrap(text, faces.note, inside - indent).map((each, i) => ({
      lead: i === 0 ? lead : '',
      text: each,
      indent,
    }));
  });
  const first = bottom + 30;
  return {
    ...drawn,
    width: lanes.inner.right + margin,
    height: first + lines.length * noteHeight,
    title: clip(title, faces.title, inside),
    under: clip(under, faces.under, inside),
    lanes: { dmz: box(lanes.dmz), inner: box(lanes.inner) },
    notes: lines.map(({ lead, text, indent }, i) => ({
      ...{ lead, text, y: first + i * noteHeight },
      x: margin + (lead === '' ? indent : 0),
    })),
  };
};
