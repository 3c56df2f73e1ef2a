/** The parts of a mail that hold data: which of them are attachments, and what their files are called. */
import { endingAt } from './rename.ts';

/** A part, as its header describes it; all of it is what the sender wrote. */
export type PartFacts = {
  /** Counted through the mail from 1. */
  readonly number: number;
  /** `application/pdf`, in lower case. */
  readonly type: string;
  /** `attachment` or `inline`; empty where the header does not say. */
  readonly disposition: string;
  /** Decoded; empty where it has none. */
  readonly fileName: string;
  /** What it is in: `mixed`, `related`, `alternative`, `signed`, …; empty where the whole mail is this one part. */
  readonly within: string;
  /** The first of those it is among. */
  readonly first: boolean;
};

/**
 * A part is an attachment that says so, or has a file name, or is no text. The text of the mail is none, nor is what only
 * belongs to the text: its other forms, its pictures, its signature.
 */
export const isAttachment = ({ type, disposition, fileName, within, first }: PartFacts): boolean => {
  if (within === 'signed' && !first && /-signature$/.test(type)) return false;
  if (disposition === 'attachment') return true;
  if (within === 'related' && !first) return false;
  if (fileName !== '') return true;
  return within !== 'alternative' && type !== 'text/plain' && type !== 'text/html';
};

const endings: Readonly<Record<string, string>> = {
  ...{ 'text/plain': '.txt', 'text/html': '.html', 'text/csv': '.csv', 'text/xml': '.xml', 'application/xml': '.xml' },
  ...{ 'application/pdf': '.pdf', 'application/json': '.json', 'application/zip': '.zip', 'message/rfc822': '.eml' },
};

const longestName = 200;
/** Longer ones are cut before anything looks at them: what a mail says may be half a megabyte. */
const longestGiven = 1100;
const longestEnding = 20;
const bytes = (text: string): number => new TextEncoder().encode(text).length;

/** Shortens by whole characters. */
const cut = (text: string, most: number): string => {
  let short = '';
  for (const character of text) {
    if (bytes(short) + bytes(character) > most) break;
    short += character;
  }
  return short;
};

/** A name that ends in blanks or dots is another one on some systems; dashes among them stay. */
const withoutEnd = (text: string): string => {
  let end = text.length;
  while (end > 0 && ' .-'.includes(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end) + text.slice(end).replace(/[ .]/g, '');
};

/** The name of a part's file: the last part of what the sender calls it, as far as that is a name on every system. */
export const partName = ({ number, type, fileName }: PartFacts): string => {
  const said = fileName.slice(Math.max(fileName.lastIndexOf('/'), fileName.lastIndexOf('\\')) + 1);
  const last = said.length > longestGiven ? said.slice(0, longestGiven - 100) + said.slice(-100) : said;
  const begun = last
    .normalize('NFC')
    .replace(/[\p{Z}\t\r\n]+/gu, ' ')
    .replace(/\p{C}/gu, '')
    .replace(/[<>:"|?*\ufffd]/g, '_')
    .replace(/^[ .-]+(?=[^ .-])/, '_');
  const plain = withoutEnd(begun).replace(/^(con|prn|aux|nul|com\d|lpt\d)(?=\.|$)/i, '_$1');
  if (/^[ .-]*$/.test(plain)) return `part-${number}${endings[type] ?? '.bin'}`;
  const at = endingAt(plain);
  const ending = cut(plain.slice(at), longestEnding);
  return `${cut(plain.slice(0, at), longestName - bytes(ending))}${ending}`;
};

/** The same names, so that no two are the same on any system: `a.xml`, `a-2.xml`. */
export const distinct = (names: readonly string[]): readonly string[] => {
  const taken = new Set<string>();
  const counts = new Map<string, number>();
  return names.map((name) => {
    const at = endingAt(name);
    let fresh = name;
    let count = counts.get(name.toLowerCase()) ?? 1;
    while (taken.has(fresh.toLowerCase())) {
      count += 1;
      fresh = `${name.slice(0, at)}-${count}${name.slice(at)}`;
    }
    counts.set(name.toLowerCase(), count);
    taken.add(fresh.toLowerCase());
    return fresh;
  });
};
