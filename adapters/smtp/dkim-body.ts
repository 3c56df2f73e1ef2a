/** The hash of a body as DKIM has it (RFC 6376, section 3.4), taken as the body goes by. */
import { createHash } from 'node:crypto';

/** How much may change on the way without harm to the signature. */
export type Canonicalization = 'simple' | 'relaxed';

/** Takes a body, piece by piece; the end answers its SHA-256 in base64. */
export type BodyHash = { readonly give: (bytes: Buffer) => void; readonly end: () => string };

const ends = '\r\n'.repeat(4096);

/** Lines end with CR LF, and are of bounded length: that was looked at before. */
export const bodyHash = (how: Canonicalization): BodyHash => {
  const hash = createHash('sha256');
  let rest = '';
  let empty = 0;
  let some = false;
  const line = (text: string): void => {
    const plain = how === 'simple' ? text : text.replace(/[ \t]+/g, ' ').replace(/ $/, '');
    if (plain === '') {
      empty += 1;
      return;
    }
    // Empty lines count only where others follow.
    for (; empty > 0; empty -= Math.min(empty, 4096)) hash.update(ends.slice(0, 2 * Math.min(empty, 4096)));
    hash.update(`${plain}\r\n`, 'latin1');
    some = true;
  };
  return {
    give: (bytes) => {
      const lines = (rest + bytes.toString('latin1')).split('\r\n');
      rest = lines.pop() ?? '';
      for (const each of lines) line(each);
    },
    end: () => {
      if (rest !== '') line(rest);
      if (!some && how === 'simple') hash.update('\r\n');
      return hash.digest('base64');
    },
  };
};
