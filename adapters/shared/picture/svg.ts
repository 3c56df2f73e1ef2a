/** A picture as an SVG that stands alone: no script, no font, nothing to load; light or dark as its reader prefers. */
import type { Picture, PictureEdge, PictureState } from '../../../domain/picture/picture.ts';
import { type Layout, layout, margin } from './layout.ts';
import { faces, type Line, type Node, type Point, stateWords } from './shapes.ts';
import { styleSheet } from './style.ts';
import { escaped, type Face } from './text.ts';

/** Draws a picture. */
export const svg = (picture: Picture): string => {
  const drawn = layout(picture);
  const [width, height] = [round(drawn.width), round(drawn.height)];
  const walked = picture.transfer !== undefined;
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title desc">`,
    `<title id="title">${escaped(drawn.title)}</title>`,
    `<desc id="desc">${escaped(description(picture))}</desc>`,
    `<style>${styleSheet}</style>`,
    `<rect class="page" width="${width}" height="${height}" rx="12"/>`,
    ...frame(drawn),
    ...drawn.lines.map((line) => lineOf(line, walked)),
    ...drawn.nodes.map((node) => nodeOf(node, walked)),
    ...drawn.lines.map((line) => pillOf(line, walked)),
    ...drawn.notes.map(
      ({ x, y, lead, text: words }) =>
        `<text class="soft" x="${round(x)}" y="${round(y)}" font-size="${faces.note.size}">${
          lead === '' ? '' : `<tspan class="ink" font-weight="bold">${escaped(lead)}</tspan> `
        }${escaped(words)}</text>`,
    ),
    '</svg>',
  ].join('\n')}\n`;
};

const round = (value: number): number => Math.round(value * 10) / 10;

const text = (
  classes: string,
  { x, y }: Point,
  face: Face,
  words: string,
  anchor: 'start' | 'middle' = 'middle',
): string =>
  `<text class="${classes}" x="${round(x)}" y="${round(y)}" font-size="${face.size}"${
    face.bold === true ? ' font-weight="bold"' : ''
  }${anchor === 'middle' ? ' text-anchor="middle"' : ''}>${escaped(words)}</text>`;

const frame = ({ lanes, title, under }: Layout): readonly string[] => {
  const { dmz, inner } = lanes;
  const link = inner.x;
  const [top, bottom] = [dmz.y, dmz.y + dmz.height];
  return [
    text('ink', { x: margin, y: 38 }, faces.title, title, 'start'),
    text('soft', { x: margin, y: 59 }, faces.under, under, 'start'),
    `<path class="lane dmz" d="${rounded(dmz, 'left')}"/>`,
    `<path class="lane inner" d="${rounded(inner, 'right')}"/>`,
    `<path class="line link" d="M${round(link)} ${round(top)}V${round(bottom)}"/>`,
    text('name dmz', { x: dmz.x + 16, y: top + 26 }, faces.lane, 'dmz', 'start'),
    `<text class="name inner" x="${round(inner.x + inner.width - 16)}" y="${round(top + 26)}" font-size="13" font-weight="bold" text-anchor="end">inner</text>`,
  ];
};

const rounded = ({ x, y, width, height }: Layout['lanes']['dmz'], side: 'left' | 'right'): string => {
  const [straight, round] = side === 'left' ? [x + width, x] : [x, x + width];
  const turn = side === 'left' ? 10 : -10;
  return `M${straight} ${y}H${round + turn}Q${round} ${y} ${round} ${y + 10}V${y + height - 10}Q${round} ${y + height} ${round + turn} ${y + height}H${straight}Z`;
};

/** How an edge looks: whose it is, taken or idle in a transfer's picture, dashed where it is not told to the other server. */
const looks = ({ by, taken, travels }: PictureEdge, walked: boolean): string =>
  [by, ...(walked ? [taken.length > 0 ? 'taken' : 'idle'] : []), ...(travels ? [] : ['local'])].join(' ');

const lineOf = ({ edge, points }: Line, walked: boolean): string => {
  const [end, before] = [points.at(-1), points.at(-2)];
  if (end === undefined || before === undefined) return '';
  const [dx, dy] = [Math.sign(end.x - before.x), Math.sign(end.y - before.y)];
  const short = { x: end.x - dx * 8, y: end.y - dy * 8 };
  const classes = looks(edge, walked);
  const head = [
    end,
    { x: end.x - dx * 10 - dy * 5, y: end.y - dy * 10 - dx * 5 },
    { x: end.x - dx * 10 + dy * 5, y: end.y - dy * 10 + dx * 5 },
  ];
  return `<path class="line ${classes}" d="${bent([...points.slice(0, -1), short])}"/><path class="head ${classes}" d="M${head.map(({ x, y }) => `${round(x)} ${round(y)}`).join('L')}Z"/>`;
};

/** A line with its corners rounded. */
const bent = (points: readonly Point[]): string =>
  points
    .map((point, i) => {
      const [before, after] = [points[i - 1], points[i + 1]];
      if (before === undefined) return `M${round(point.x)} ${round(point.y)}`;
      if (after === undefined) return `L${round(point.x)} ${round(point.y)}`;
      const [a, b] = [towards(point, before), towards(point, after)];
      return `L${round(a.x)} ${round(a.y)}Q${round(point.x)} ${round(point.y)} ${round(b.x)} ${round(b.y)}`;
    })
    .join('');

const towards = (from: Point, to: Point): Point => {
  const far = Math.abs(to.x - from.x) + Math.abs(to.y - from.y);
  const step = Math.min(10, far / 2);
  return { x: from.x + Math.sign(to.x - from.x) * step, y: from.y + Math.sign(to.y - from.y) * step };
};

const stateLooks = ({ lane, kind, visited, marked }: PictureState, walked: boolean): string =>
  [kind === 'held' ? 'held' : lane, ...(walked && !visited ? ['idle'] : []), ...(marked ? ['here'] : [])].join(' ');

const nodeOf = ({ state, box }: Node, walked: boolean): string => {
  const { x, y, width, height } = box;
  const [middle, centre] = [{ x: x + width / 2, y: y + height / 2 }, y + height / 2];
  const classes = stateLooks(state, walked);
  if (state.kind === 'begin') {
    return `<circle class="dot ${classes}" cx="${round(middle.x)}" cy="${round(middle.y)}" r="${width / 2}"/>`;
  }
  const rect = (kind: string, inset: number, radius: number): string =>
    `<rect class="${kind} ${classes}" x="${round(x + inset)}" y="${round(y + inset)}" width="${round(width - 2 * inset)}" height="${round(height - 2 * inset)}" rx="${radius}"/>`;
  const words = stateWords(state);
  return [
    ...(state.marked ? [rect('halo', -4, 14)] : []),
    rect('box', 0, 10),
    ...(state.kind === 'end' && !state.marked ? [rect('box', 4, 7)] : []),
    ...words.map((each, i) =>
      text(
        `${i === 0 ? 'ink' : 'soft'} label ${classes}`,
        { x: middle.x, y: centre + (words.length === 1 ? 5 : i === 0 ? -3 : 14) },
        i === 0 ? faces.state : faces.step,
        each,
      ),
    ),
  ].join('');
};

const pillOf = ({ edge, pill }: Line, walked: boolean): string => {
  const { x, y, width, height, words } = pill;
  const classes = looks(edge, walked).replace(' local', '');
  return [
    `<rect class="pill ${classes}" x="${round(x - width / 2)}" y="${round(y - height / 2)}" width="${width}" height="${height}" rx="8"/>`,
    ...words.map((each, i) =>
      text(
        i === 0 ? `event ${classes}` : 'soft',
        { x, y: y + (words.length === 1 ? 4 : i === 0 ? -3 : 12) },
        i === 0 ? faces.event : faces.detail,
        each,
      ),
    ),
  ].join('');
};

/** The picture in one paragraph, for those who do not see it. */
const description = ({ states, edges, transfer }: Picture): string =>
  [
    ...(transfer === undefined ? [] : [`The transfer is ${transfer.state}.`]),
    ...edges
      .filter(({ taken }) => transfer === undefined || taken.length > 0)
      .map(({ from, to, label, by }) => `${label}, recorded by ${by}: ${from} to ${to}.`),
    `Owners: ${states.map(({ label, lane }) => `${label} ${lane}`).join(', ')}.`,
  ].join(' ');
