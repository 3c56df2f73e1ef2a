/** GET and HEAD of a file: it goes to the client, all of it or a part. */
import { isLeft } from 'fp-ts/lib/Either.js';
import type { Download } from '../../domain/intake.ts';
import { baseName } from '../../domain/path.ts';
import { sha256Field } from './digests.ts';
import { answered, type Exchange, header, type Outcome } from './exchange.ts';
import { type Version, wantedOf } from './ranges.ts';
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
    'accept-ranges': 'bytes',
    'last-modified': new Date(version.modified).toUTCString(),
    ...(version.etag === undefined ? {} : { etag: version.etag }),
  };
  if (wanted.status === 304) return { status: 304, headers, body: '' };
  if (wanted.status === 412) return problem(412, 'the file is not the one that is meant');
  if (wanted.status === 416)
    return problem(416, `the file has ${size} bytes`, { ...headers, 'content-range': `bytes */${size}` });
  const { status, from, to } = wanted;
  response.writeHead(status, {
    ...headers,
    'content-type': 'application/octet-stream',
    'content-length': to - from,
    'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(baseName(target.name))}`,
    ...(sha256 === undefined ? {} : { 'repr-digest': sha256Field(sha256) }),
    ...(status === 206 ? { 'content-range': `bytes ${from}-${to - 1}/${size}` } : {}),
  });
  if (request.method !== 'HEAD') return (await sentAll(exchange, download, from, to)) ? 'sent' : undefined;
  response.end();
  return undefined;
};

/** Sends bytes as fast as they are taken; where that does not come to its end, the connection does. */
const sentAll = async (exchange: Exchange, download: Download, from: number, to: number): Promise<boolean> => {
  const { response } = exchange;
  let offset = from;
  do {
    const piece = await download.read(offset, Math.min(pieceSize, to - offset))();
    const isUseless = isLeft(piece) || (piece.right.length === 0 && from < to);
    if (isUseless) {
      response.destroy();
      return false;
    }
    offset += piece.right.length;
    // The end goes with the last bytes: whoever has them may be gone at once.
    const hand = offset < to ? response.write.bind(response) : response.end.bind(response);
    if (!(await taken(exchange, (done) => hand(piece.right, done)))) {
      response.destroy();
      return false;
    }
  } while (offset < to);
  return true;
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
