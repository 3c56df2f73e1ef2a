/** GET and HEAD of a file: it goes to the client, all of it or a part. */
import { randomUUID } from 'node:crypto';
import { isLeft } from 'fp-ts/lib/Either.js';
import type { Download } from '../../domain/intake.ts';
import { baseName } from '../../domain/path.ts';
import { sha256Field } from './digests.ts';
import { answered, type Exchange, header, type Outcome } from './exchange.ts';
import { type Part, type Version, wantedOf } from './ranges.ts';
import { everywhere, problem } from './replies.ts';

const pieceSize = 256 * 1024;

/** Gives a file. */
export const get = (exchange: Exchange): Outcome => {
  const { session, target } = exchange;
  return answered(session.stat(target.name), ({ modified }) =>
    answered(session.download(target.name), async (download) => {
      let handedOver = false;
      try {
        const { size, sha256 } = download;
        const version = { size, modified, etag: sha256 === undefined ? undefined : `"${sha256}"` };
        const reply = await give(exchange, download, version);
        handedOver = reply === 'sent';
        return reply === 'sent' ? undefined : reply;
      } finally {
        if (handedOver) exchange.sent(download);
        else await download.close();
      }
    }),
  );
};

const give = async (exchange: Exchange, download: Download, version: Version): Promise<Awaited<Outcome> | 'sent'> => {
  const { request, response, target } = exchange;
  const { size, sha256 } = download;
  const names = ['range', 'if-range', 'if-match', 'if-none-match', 'if-modified-since'] as const;
  const conditions = Object.fromEntries(names.map((name) => [name, header(exchange, name)]));
  const wanted = wantedOf(conditions, version);
  const headers = {
    ...everywhere,
    'last-modified': new Date(version.modified).toUTCString(),
    ...(version.etag === undefined ? {} : { etag: version.etag }),
  };
  if (wanted.status === 304) return { status: 304, headers, body: '' };
  if (wanted.status === 412) return problem(412, 'the file is not the one that is meant');
  if (wanted.status === 416)
    return problem(416, `the file has ${size} bytes`, { ...headers, 'content-range': `bytes */${size}` });
  const { status, parts } = wanted;
  const { type, range, sections } = sectioned(parts, size, status === 206);
  exchange.begin(status, {
    ...headers,
    'content-type': type,
    'content-length': sections.reduce((sum, { head, from, to }) => sum + head.length + to - from, 0),
    'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(baseName(target.name))}`,
    ...(sha256 === undefined ? {} : { 'repr-digest': sha256Field(sha256) }),
    ...(status === 200 ? { 'accept-ranges': 'bytes' } : {}),
    ...(range === undefined ? {} : { 'content-range': range }),
  });
  if (request.method !== 'HEAD') return (await sentAll(exchange, download, sections)) ? 'sent' : undefined;
  response.end();
  return undefined;
};

/** Bytes of the file, and what stands before them. */
type Section = Part & { readonly head: string };

/** How parts are sent: one as it is, several as multipart/byteranges (RFC 9110, section 14.6). */
const sectioned = (
  parts: readonly Part[],
  size: number,
  partly: boolean,
): { readonly type: string; readonly range: string | undefined; readonly sections: readonly Section[] } => {
  const type = 'application/octet-stream';
  const rangeOf = ({ from, to }: Part): string => `bytes ${from}-${to - 1}/${size}`;
  const [only] = parts;
  if (parts.length === 1 && only !== undefined)
    return { type, range: partly ? rangeOf(only) : undefined, sections: [{ ...only, head: '' }] };
  const boundary = randomUUID();
  const sections: Section[] = parts.map((part) => ({
    ...part,
    head: `\r\n--${boundary}\r\ncontent-type: ${type}\r\ncontent-range: ${rangeOf(part)}\r\n\r\n`,
  }));
  const end = { from: size, to: size, head: `\r\n--${boundary}--\r\n` };
  return { type: `multipart/byteranges; boundary=${boundary}`, range: undefined, sections: [...sections, end] };
};

/** The bytes of sections; ends with undefined where the file cannot be read on. */
async function* bytesOf(
  download: Download,
  sections: readonly Section[],
): AsyncGenerator<Uint8Array | undefined, void> {
  for (const { head, from, to } of sections) {
    if (head !== '') yield Buffer.from(head);
    for (let offset = from; offset < to; ) {
      const piece = await download.read(offset, Math.min(pieceSize, to - offset))();
      if (isLeft(piece) || piece.right.length === 0) {
        yield undefined;
        return;
      }
      offset += piece.right.length;
      yield piece.right;
    }
  }
}

/** Sends bytes as fast as they are taken; where that does not come to its end, the connection does. */
const sentAll = async (exchange: Exchange, download: Download, sections: readonly Section[]): Promise<boolean> => {
  const { response } = exchange;
  const cut = (): boolean => {
    exchange.cut();
    return false;
  };
  let ready: Uint8Array = Buffer.alloc(0);
  for await (const piece of bytesOf(download, sections)) {
    if (piece === undefined) return cut();
    const now = ready;
    ready = piece;
    if (now.length > 0 && !(await taken(exchange, (done) => response.write(now, done)))) return cut();
  }
  // The end goes with the last bytes: whoever has them may be gone at once.
  const [most, rest] = [ready.subarray(0, -1), ready.subarray(-1)];
  if (most.length > 0 && !(await taken(exchange, (done) => response.write(most, done)))) return cut();
  return ((await exchange.reached()) && (await taken(exchange, (done) => response.end(rest, done)))) || cut();
};

/** Hands something to the connection; false where it does not take it in time, or is gone. */
const taken = (
  { response, context, settings }: Exchange,
  hand: (done: (error?: Error | null) => void) => unknown,
): Promise<boolean> =>
  new Promise((resolve) => {
    const settle = (well: boolean) => (): void => {
      cancel();
      response.off('close', gone);
      resolve(well);
    };
    const gone = settle(false);
    const cancel = context.clock.after(settings.idleTimeout, gone);
    response.once('close', gone);
    hand((error) => settle(error === undefined || error === null)());
  });
