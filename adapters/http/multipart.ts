/** multipart/form-data (RFC 7578, RFC 2046) as it comes, strictly and in bounded memory. */

/** What the pieces of a form are: the head of a part, bytes of it, its end. */
export type Piece =
  | { readonly kind: 'part'; readonly headers: ReadonlyMap<string, string> }
  | { readonly kind: 'bytes'; readonly bytes: Buffer }
  | { readonly kind: 'end' };

/** The form is none, or is not one that we read. */
export class BadForm extends Error {}

const longestHead = 8192;
const dashes = Buffer.from('--');
const blank = Buffer.from('\r\n\r\n');

/** The boundary of a form by its Content-Type; undefined where that names none. */
export const boundaryIn = (contentType: string): string | undefined => {
  const [, quoted, plain] =
    /;[ \t]*boundary=(?:"([^"\\]{1,70})"|([^\s";]{1,70}))[ \t]*(?:;|$)/i.exec(contentType) ?? [];
  const boundary = quoted ?? plain;
  return boundary !== undefined && /^[0-9A-Za-z'()+_,\-./:=? ]*[0-9A-Za-z'()+_,\-./:=?]$/.test(boundary)
    ? boundary
    : undefined;
};

/** The pieces of a form, in order. Throws `BadForm` where it is cut short or not as it must be; what follows its end is dropped. */
export async function* piecesOf(body: AsyncIterable<Buffer>, boundary: string): AsyncGenerator<Piece, void> {
  const mark = Buffer.from(`\r\n--${boundary}`);
  // As if a line had ended before the first boundary.
  let rest: Buffer = Buffer.from('\r\n');
  let state: 'before' | 'bytes' | 'mark' | 'head' | 'over' = 'before';
  for await (const chunk of body) {
    if (state === 'over') continue;
    rest = Buffer.concat([rest, chunk]);
    for (let moves = true; moves; ) {
      moves = false;
      if (state === 'before' || state === 'bytes') {
        const at = rest.indexOf(mark);
        const safe = at >= 0 ? at : Math.max(0, rest.length - mark.length + 1);
        if (state === 'bytes' && safe > 0) yield { kind: 'bytes', bytes: rest.subarray(0, safe) };
        if (state === 'before' && safe > 0) throw new BadForm('something stands before its first boundary');
        rest = rest.subarray(at >= 0 ? at + mark.length : safe);
        if (at >= 0) {
          if (state === 'bytes') yield { kind: 'end' };
          state = 'mark';
          moves = true;
        }
      } else if (state === 'mark' && rest.length >= 2) {
        const next = rest.subarray(0, 2);
        if (next.equals(dashes)) state = 'over';
        else if (next.toString('latin1') === '\r\n') state = 'head';
        else throw new BadForm('a boundary is followed by neither a line end nor "--"');
        // The line end stays, for a head without a header.
        moves = state === 'head';
      } else if (state === 'head') {
        const at = rest.indexOf(blank);
        if (at > longestHead || (at < 0 && rest.length > longestHead))
          throw new BadForm('the head of a part is too long');
        if (at >= 0) {
          yield { kind: 'part', headers: headersIn(rest.subarray(0, at).toString()) };
          rest = rest.subarray(at + blank.length);
          state = 'bytes';
          moves = true;
        }
      }
    }
  }
  if (state !== 'over') throw new BadForm('it ends before its last boundary');
}

const headersIn = (head: string): ReadonlyMap<string, string> => {
  const headers = new Map<string, string>();
  for (const line of head.split('\r\n').filter((each) => each !== '')) {
    const [, name, value] = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]{1,64}):[ \t]*(.*?)[ \t]*$/.exec(line) ?? [];
    if (name === undefined || value === undefined || /[\r\n\0]/.test(line))
      throw new BadForm('a header of a part is not understood');
    if (headers.has(name.toLowerCase())) throw new BadForm('a header of a part stands twice');
    headers.set(name.toLowerCase(), value);
  }
  return headers;
};

/** The file name that a part bears, as browsers and curl write it; undefined where it is no file. */
export const fileNameIn = (headers: ReadonlyMap<string, string>): string | undefined => {
  const disposition = headers.get('content-disposition') ?? '';
  if (!/^form-data[ \t]*(;|$)/i.test(disposition)) throw new BadForm('a part has no Content-Disposition: form-data');
  const [, name] =
    /;[ \t]*filename="((?:[^"\\]|\\.)*)"/i.exec(disposition) ?? /;[ \t]*filename=([^\s";]+)/i.exec(disposition) ?? [];
  // Browsers write %22 for a quote, curl a backslash before it.
  return name?.replaceAll('%22', '"').replace(/\\(["\\])/g, '$1');
};
