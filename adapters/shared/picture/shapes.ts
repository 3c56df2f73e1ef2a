/** The shapes that a picture is drawn from, and their measures in pixels. */
import type { Picture, PictureEdge, PictureState } from '../../../domain/picture/picture.ts';
import { type Face, widthOf } from './text.ts';
import { edgeWords } from './words.ts';

export type Point = { readonly x: number; readonly y: number };
export type Box = Point & { readonly width: number; readonly height: number };

/** A state's box. */
export type Node = { readonly state: PictureState; readonly box: Box };

/** The words of an edge, in a box of their own. */
export type Pill = {
  readonly edge: PictureEdge;
  readonly words: readonly string[];
  readonly width: number;
  readonly height: number;
};

/** An edge: its corners, and its pill with its centre. */
export type Line = { readonly edge: PictureEdge; readonly points: readonly Point[]; readonly pill: Pill & Point };

/** States and edges with their places. */
export type Drawn = { readonly nodes: Node[]; readonly lines: Line[] };

export const faces = {
  title: { size: 18, bold: true },
  under: { size: 12 },
  lane: { size: 13, bold: true },
  state: { size: 14, bold: true },
  step: { size: 11 },
  event: { size: 12, bold: true },
  detail: { size: 11 },
  note: { size: 12 },
  lead: { size: 12, bold: true },
} as const satisfies Readonly<Record<string, Face>>;

/** The height of a state's box, and of a pill's place, where nothing needs more. */
export const least = { node: 48, slot: 36 } as const;
export const pillGap = 6;

/** The pill of an edge. */
export const pillOf =
  (picture: Picture) =>
  (edge: PictureEdge): Pill => {
    const words = edgeWords(edge, picture);
    const widths = words.map((each, i) => widthOf(each, i === 0 ? faces.event : faces.detail));
    return { edge, words, width: Math.ceil(Math.max(...widths)) + 16, height: words.length === 1 ? 22 : 36 };
  };

/** The words in a state's box. */
export const stateWords = ({ label, step, marked, kind }: PictureState): readonly string[] => {
  if (kind === 'begin') return [];
  if (marked && kind === 'end') return [label, 'ended here'];
  if (marked) return [label, step === undefined ? 'is here now' : `here now, next: ${step}`];
  return step === undefined ? [label] : [label, `next: ${step}`];
};

/** The width that a state's box needs. */
export const nodeWidth = (state: PictureState): number =>
  Math.ceil(Math.max(0, ...stateWords(state).map((each, i) => widthOf(each, i === 0 ? faces.state : faces.step)))) + 32;
