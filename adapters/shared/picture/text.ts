/** Text in a picture: how wide it is at most, cut and broken to fit, and safe within XML. */
import { printable } from '../printable.ts';

/** How a text is set. */
export type Face = { readonly size: number; readonly bold?: boolean };

// Advance widths in em, by the widest of the common sans-serif fonts, so that a text never needs more than was measured.
const classes: readonly (readonly [number, string])[] = [
  [0.34, "iljI.,:;'|! ·"],
  [0.42, 'ftr()[]-/"J'],
  [0.64, 'abcdeghknopqsuvxyzLFTP0123456789_?*$&'],
  [0.79, 'ABCDEGHKNOQRSUVXYZ'],
  [1, 'mwMW@%#+=<>×→…'],
];
const em = new Map(classes.flatMap(([width, characters]) => [...characters].map((each) => [each, width] as const)));
const unknown = 1.3;
const boldness = 1.12;

/** The width that a text takes at most. */
export const widthOf = (text: string, { size, bold }: Face): number =>
  [...text].reduce((sum, each) => sum + (em.get(each) ?? unknown), 0) * size * (bold === true ? boldness : 1);

/** The text, cut with an ellipsis where it is wider. */
export const clip = (text: string, face: Face, width: number): string => {
  if (widthOf(text, face) <= width) return text;
  const characters = [...text];
  while (characters.length > 0 && widthOf(`${characters.join('')}…`, face) > width) characters.pop();
  return `${characters.join('').trimEnd()}…`;
};

/** The text in lines, broken between words; a word that is wider than a line is cut. */
export const wrap = (text: string, face: Face, width: number): readonly string[] => {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const longer = `${lines.at(-1) ?? ''} ${word}`;
    if (lines.length > 0 && widthOf(longer, face) <= width) lines.splice(-1, 1, longer);
    else lines.push(clip(word, face, width));
  }
  return lines;
};

/** Text from outside as it may be drawn: one line, no character that reorders it or that XML does not take. */
export const drawable = (text: string, longest = 300): string =>
  printable(text, longest).replace(/\p{Cs}|[\ufffe\uffff]/gu, '\ufffd');

/** Text within XML, in an element or an attribute. */
export const escaped = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
