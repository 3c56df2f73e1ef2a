/** Which bytes of a file are asked for (RFC 9110, sections 13 and 14). */

/** What identifies a file as it is now. */
export type Version = { readonly etag: string | undefined; readonly modified: number; readonly size: number };

/** A part of it, `to` exclusive. */
export type Part = { readonly from: number; readonly to: number };

/** All of it, some parts, or an answer without bytes. */
export type Wanted =
  | { readonly status: 200 | 206; readonly parts: readonly Part[] }
  | { readonly status: 304 }
  | { readonly status: 412 }
  | { readonly status: 416 };

type Headers = Readonly<
  Partial<Record<'range' | 'if-range' | 'if-match' | 'if-none-match' | 'if-modified-since', string>>
>;

const mostParts = 16;

/** Decides it. Ranges that are not understood are none, as the standard says; nor are those that ask for more than there is. */
export const wantedOf = (headers: Headers, version: Version): Wanted => {
  const { size } = version;
  const match = headers['if-match'];
  if (match !== undefined && !lists(match, version, false)) return { status: 412 };
  const none = headers['if-none-match'];
  if (none !== undefined ? lists(none, version, true) : isOld(headers['if-modified-since'], version))
    return { status: 304 };
  const whole = { status: 200, parts: [{ from: 0, to: size }] } as const;
  const [, specified = ''] = /^bytes=(.*)$/i.exec(headers.range ?? '') ?? [];
  const asked = specified.split(',').map((each) => partIn(each.trim(), size));
  if (asked.length > mostParts || asked.includes(undefined) || !isStill(headers['if-range'], version)) return whole;
  const parts = asked.flatMap((each) => (each !== undefined && each.from < each.to ? [each] : []));
  if (parts.length === 0) return { status: 416 };
  return parts.reduce((sum, { from, to }) => sum + to - from, 0) > size ? whole : { status: 206, parts };
};

const partIn = (text: string, size: number): Part | undefined => {
  const [, first, last] = /^(\d{0,15})-(\d{0,15})$/.exec(text) ?? [];
  if (first === undefined || last === undefined || `${first}${last}` === '') return undefined;
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined;
  const from = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  return { from, to: first === '' || last === '' ? size : Math.min(size, Number(last) + 1) };
};

const lists = (field: string, { etag }: Version, weak: boolean): boolean =>
  field.trim() === '*' ||
  field
    .split(',')
    .map((each) => (weak ? each.trim().replace(/^W\//, '') : each.trim()))
    .some((each) => each === etag);

const isOld = (since: string | undefined, { modified }: Version): boolean =>
  since !== undefined && seconds(modified) <= seconds(Date.parse(since));

const isStill = (text: string | undefined, { etag, modified }: Version): boolean =>
  text === undefined || text === etag || seconds(Date.parse(text)) === seconds(modified);

const seconds = (time: number): number => Math.floor(time / 1000);
