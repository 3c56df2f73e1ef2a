/** What the target of a request names: a file or a directory of a channel's home, or a transfer. */
import { isLeft, left, right } from 'fp-ts/lib/Either.js';
import { type Decision, refusal } from '../../domain/failure.ts';
import { plainFileName } from '../../domain/path.ts';
import { duration } from '../../domain/units.ts';

/** A target. Paths are absolute in the home; that of a file is no directory's by its form, at least. */
export type Target = {
  readonly kind: 'file' | 'directory' | 'transfer';
  readonly channel: string;
  /** The path, or the transfer's id. */
  readonly name: string;
  /** How long the partner wants to wait for the transfer's end, in milliseconds. */
  readonly wait: number | undefined;
};

const bad = (text: string) => left(refusal('invalid', text));
const longest = 8192;

/** Reads the target of a request line (RFC 9112, section 3.2). Refuses what is not `/c/<channel>/…`, dot segments, and what it does not know. */
export const targetOf = (text: string): Decision<Target> => {
  if (text.length > longest) return bad('the URL is too long');
  const [, path, query] = /^(?:https?:\/\/[^/?#]*)?(\/[^?#]*)(?:\?([^#]*))?$/i.exec(text) ?? [];
  if (path === undefined) return bad('this is no URL: write /c/<channel>/<name>');
  const wait = waitIn(query ?? '');
  if (isLeft(wait)) return wait;
  const [, first, channel, ...rest] = path.split('/').map(decoded);
  if (first !== 'c' || channel === undefined || channel === '')
    return left(refusal('notFound', 'there is nothing here: write /c/<channel>/<name>'));
  const parts = rest.at(-1) === '' ? rest.slice(0, -1) : rest;
  const names: string[] = [];
  for (const part of parts) {
    if (part === undefined) return bad('the URL is not well encoded: names are UTF-8, in %XX where they must be');
    const why = plainFileName(part);
    if (why !== undefined) return left(refusal('badName', `"${part.slice(0, 100)}" cannot be a name: ${why}`));
    names.push(part);
  }
  const target = { channel, wait: wait.right };
  const [top, id, ...more] = names;
  if (top === transfers && id !== undefined && more.length === 0)
    return right({ ...target, kind: 'transfer', name: id });
  const isDirectory = parts.length < rest.length || names.length === 0;
  return right({ ...target, kind: isDirectory ? 'directory' : 'file', name: `/${names.join('/')}` });
};

const transfers = '.transfers';

/** Where a transfer of a channel is told of. */
export const transferPath = (channel: string, id: string): string =>
  `/c/${encodeURIComponent(channel)}/${transfers}/${id}`;

/** Where a path of a channel's home is, as an address: it holds nothing that HTML or a header could misread. */
export const homePath = (channel: string, path: string): string =>
  `/c/${encodeURIComponent(channel)}${path.split('/').map(encodeURIComponent).join('/')}`.replaceAll("'", '%27');

const decoded = (part: string): string | undefined => {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
};

const waitIn = (query: string): Decision<number | undefined> => {
  if (query === '') return right(undefined);
  const [, text] = /^wait=([0-9A-Za-z.]{1,20})$/.exec(query) ?? [];
  const time = duration.safeParse(text);
  return time.success && text !== undefined
    ? right(time.data)
    : bad('of parameters there is only wait=, a duration such as 30s');
};
