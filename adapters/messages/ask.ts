/** Asking: one request on an asking connection, bounded in size and time. */
import { constants } from 'node:http2';
import { faultPoint } from '../shared/fault-point.ts';
import { bytesOf } from './bytes.ts';
import type { Asking } from './connection.ts';
import { failing, failureOf, type Reply } from './failures.ts';
import { limits } from './limits.ts';
import { answered, type Bounds, broken, lengthOf, replyOn, request, settle, take, within } from './request.ts';

/** Asks and takes the whole answer, within 30 s unless told, and `most` bytes. */
export const ask = async (
  connection: Asking,
  path: string,
  body: Uint8Array,
  options: Bounds & { readonly milliseconds?: number | undefined },
): Promise<Reply> => {
  const { node } = connection.peer;
  const { clock, milliseconds = limits.ask } = options;
  faultPoint('message.ask.before');
  const stream = request(connection, { ':method': 'POST', ':path': path, 'content-length': body.length }, false);
  stream.end(body);
  return within({ clock, milliseconds, stream, node }, async () => {
    const reply = await replyOn(stream, node, options);
    faultPoint('message.ask.after');
    settle(stream);
    return reply;
  });
};

/** Asks for a payload from byte `start` on; its bytes come as fast as they are taken. */
export const askPayload = async (
  connection: Asking,
  key: string,
  start: number,
  options: Bounds,
): Promise<{ readonly size: number; readonly bytes: AsyncIterable<Uint8Array> }> => {
  const { node } = connection.peer;
  const { clock } = options;
  faultPoint('fetch.ask.before');
  const stream = request(connection, { ':method': 'GET', ':path': `/payloads/${key}`, range: `bytes=${start}-` }, true);
  return within({ clock, milliseconds: limits.ask, stream, node }, async () => {
    const headers = await answered(stream, node);
    const status = headers[':status'] ?? 0;
    if (status !== 200 && status !== 206)
      throw failing(failureOf(node, { status, body: await take(stream, headers, node, options) }));
    const length = lengthOf(headers);
    if (length === undefined) throw broken(node, 'its payload has no length');
    faultPoint('fetch.ask.after');
    const done = (): void => {
      stream.close(constants.NGHTTP2_CANCEL);
      stream.destroy();
    };
    return { size: start + length, bytes: bytesOf(stream, length, { node, clock, done }) };
  });
};
