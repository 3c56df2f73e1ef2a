/** Which bytes of a file are asked for (RFC 9110, sections 13 and 14). */

/** What identifies a file as it is now. */
export type Version = { readonly etag: string | undefined; readonly modified: number; readonly size: number };

/** All of it, a part (`to` exclusive), or an answer without bytes. */
export type Wanted =
  | { readonly status: 200 | 206; readonly from: number; readonly to: number }
  | { readonly status: 304 }
  | { readonly status: 412 }
  | { readonly status: 416 };

type Headers = Readonly<
  Partial<Record<'range' | 'if-range' | 'if-match' | 'if-none-match' | 'if-modified-since', string>>
>;

/** Decides it. A range that is not understood is none, as the standard says; of several the whole is given. */
export const wantedOf = (headers: Headers, version: Version): Wanted => {
  const { size } = version;
  const match = headers['if-match'];
  if (match !== undefined && !lists(match, version, false)) return { status: 412 };
  const none = headers['if-none-match'];
  if (none !== undefined ? lists(none, version, true) : isOld(headers['if-modified-since'], version))
    return { status: 304 };
  const whole = { status: 200, from: 0, to: size } as const;
  const [, first, last] = /^bytes=[ \t]*(\d{0,15})-(\d{0,15})[ \t]*$/i.exec(headers.range ?? '') ?? [];
  if (first === undefined || last === undefined || `${first}${last}` === '') return whole;
  if (first !== '' && last !== '' && Number(last) < Number(first)) return whole;
  if (!isStill(headers['if-range'], version)) return whole;
  const from = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const to = first === '' || last === '' ? size : Math.min(size, Number(last) + 1);
  return from < to ? { status: 206, from, to } : { status: 416 };
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
