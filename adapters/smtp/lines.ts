/**
 * Lines end with CR LF, and neither stands alone (RFC 5321, section 2.3.8). Where servers differ about the end of a mail, a
 * sender could have one of them take a second mail, in another's name, for part of the first (SMTP smuggling).
 */

const cr = 13;
const lf = 10;

/** What is wrong with lines. */
export type LineFault = 'bare' | 'long';

/** Looks at bytes as they come. Refuses a CR or LF that stands alone, and a line of more than `longest` bytes. */
export const lineCheck = (longest: number): ((bytes: Uint8Array) => LineFault | undefined) => {
  let pending = false;
  let length = 0;
  return (bytes) => {
    for (let start = 0; start < bytes.length; ) {
      if (pending && bytes[start] !== lf) return 'bare';
      const end = bytes.indexOf(lf, start);
      const line = bytes.subarray(start, end < 0 ? bytes.length : end);
      const carriage = line.indexOf(cr);
      if (carriage >= 0 && carriage !== line.length - 1) return 'bare';
      if (end >= 0 && carriage < 0 && !pending) return 'bare';
      length += line.length;
      if (length > longest) return 'long';
      if (end < 0) {
        pending = carriage >= 0;
        return undefined;
      }
      pending = false;
      length = 0;
      start = end + 1;
    }
    return undefined;
  };
};
