/** Paths in a partner's virtual home. They are data: looked up in tables, never given to a file system. */
import { left, right } from 'fp-ts/lib/Either.js';
import { type Decision, refusal } from './failure.ts';

const longestName = 255;
const longestPath = 4096;
const deepest = 32;
const bytes = (text: string): number => new TextEncoder().encode(text).length;

/**
 * The absolute, normal form of a path that a partner named, relative to `from`. `..` above the home stays in the home.
 * Refuses control characters (NUL and newline among them), text that was not UTF-8, and what is too long or too deep.
 */
export const resolvePath = (from: string, named: string): Decision<string> => {
  const parts: string[] = [];
  for (const part of `${named.startsWith('/') ? '' : `${from}/`}${named}`.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..') parts.pop();
    else parts.push(part);
  }
  const bad = parts.map(badName).find((why) => why !== undefined);
  const path = `/${parts.join('/')}`;
  if (bad !== undefined) return left(refusal('badName', bad));
  if (parts.length > deepest) return left(refusal('badName', `more than ${deepest} directories deep`));
  if (bytes(path) > longestPath) return left(refusal('badName', `path longer than ${longestPath} bytes`));
  return right(path);
};

const badName = (name: string): string | undefined => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: refusing them is the point
  if (/[\u0000-\u001f\u007f]/.test(name)) return 'control characters are not allowed in names';
  if (/[\ufffd]|[\ud800-\udfff]/u.test(name)) return 'the name is not valid UTF-8';
  if (bytes(name) > longestName) return `name longer than ${longestName} bytes`;
  return undefined;
};

/** Why this is no name that a file may have; undefined where it is one. */
export const plainFileName = (name: string): string | undefined =>
  name === '' || name === '.' || name === '..' || name.includes('/') ? 'it is no plain name' : badName(name);

/** The last part of a normal path. */
export const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** The directory of a normal path. */
export const parentOf = (path: string): string => path.slice(0, Math.max(1, path.lastIndexOf('/')));
