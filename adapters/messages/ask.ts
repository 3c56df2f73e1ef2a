/** Asking: one request on an asking connection, bounded in size and time. */
import { type ClientHttp2Stream, constants, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http2';
import { permanent, temporary } from '../../domain/failure.ts';
import type { Clock } from '../../domain/ports.ts';
import { faultPoint } from '../shared/fault-point.ts';
import type { Asking } from './connection.ts';
import { failing, failureOf, type Reply, wordsOf } from './failures.ts';
import { limits } from './limits.ts';

/** The failure of whatever is asked while there is no link. */
export const noLink = (node: string): Error =>
  failing(temporary('noLink', `There is no link to ${node} at the moment.`));

const broken = (node: string, why: string): Error =>
  failing(temporary('linkBroken', `The link to ${node} broke before it had answered: ${why}.`));

const lengthOf = (headers: IncomingHttpHeaders): number | undefined => {
  const length = headers['content-length'];
  return length !== undefined && /^\d{1,15}$/.test(length) ? Number(length) : undefined;
};

const request = (connection: Asking, headers: OutgoingHttpHeaders, body?: Uint8Array): ClientHttp2Stream => {
  const { session, peer } = connection;
  if (session.closed || session.destroyed) throw noLink(peer.node);
  const stream = session.request(body === undefined ? headers : { ...headers, 'content-length': body.length }, {
    endStream: body === undefined,
  });
  stream.on('error', () => undefined);
  if (body !== undefined) stream.end(body);
  return stream;
};

/** Resolves with the headers of the answer. */
const answered = (stream: ClientHttp2Stream, node: string): Promise<IncomingHttpHeaders & { ':status'?: number }> =>
  new Promise((resolve, reject) => {
    stream.once('response', resolve);
    stream.once('error', (error) => reject(broken(node, wordsOf(error))));
    stream.once('close', () => reject(broken(node, 'it was closed')));
  });

const wholeBody = async (stream: ClientHttp2Stream, expected: number): Promise<Uint8Array> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > expected) break;
    chunks.push(chunk);
  }
  // HTTP/2 ends a stream that was cut as politely as a whole one
  if (size !== expected) throw new Error(`${size} of ${expected} bytes came`);
  return Buffer.concat(chunks, size);
};

/** Runs with a deadline, which ends the stream and is a failure of its own. */
const within = async <A>(
  clock: Clock,
  milliseconds: number,
  stream: ClientHttp2Stream,
  node: string,
  run: () => Promise<A>,
): Promise<A> => {
  const deadline = { over: false };
  const drop = (): void => {
    stream.close(constants.NGHTTP2_CANCEL);
    stream.destroy();
  };
  const cancel = clock.after(milliseconds, () => {
    deadline.over = true;
    drop();
  });
  try {
    return await run();
  } catch (error) {
    drop();
    if (deadline.over) throw failing(temporary('timeout', `${node} did not answer within ${milliseconds / 1000} s.`));
    throw error instanceof Error && error.cause !== undefined ? error : broken(node, wordsOf(error));
  } finally {
    cancel();
  }
};

const take = async (stream: ClientHttp2Stream, headers: IncomingHttpHeaders, most: number, node: string) => {
  const length = lengthOf(headers);
  if (length === undefined) throw broken(node, 'its answer has no length');
  if (length > most)
    throw failing(permanent('tooLarge', `The answer of ${node} has ${length} bytes, and maxMessageSize is ${most}.`));
  return wholeBody(stream, length);
};

/** Asks and takes the whole answer, within 30 s and `most` bytes. */
export const ask = async (
  connection: Asking,
  path: string,
  body: Uint8Array,
  options: { readonly most: number; readonly clock: Clock; readonly milliseconds?: number },
): Promise<Reply> => {
  const { node } = connection.peer;
  faultPoint('message.ask.before');
  const stream = request(connection, { ':method': 'POST', ':path': path }, body);
  return within(options.clock, options.milliseconds ?? limits.ask, stream, node, async () => {
    const headers = await answered(stream, node);
    const reply = { status: headers[':status'] ?? 0, body: await take(stream, headers, options.most, node) };
    faultPoint('message.ask.after');
    // an answer may come before the whole question was sent
    if (!stream.writableFinished) stream.close(constants.NGHTTP2_CANCEL);
    return reply;
  });
};

/** Asks for a payload from byte `start` on; its bytes come as fast as they are taken. */
export const askPayload = async (
  connection: Asking,
  key: string,
  start: number,
  options: { readonly most: number; readonly clock: Clock },
): Promise<{ readonly size: number; readonly bytes: AsyncIterable<Uint8Array> }> => {
  const { node } = connection.peer;
  faultPoint('fetch.ask.before');
  const stream = request(connection, { ':method': 'GET', ':path': `/payloads/${key}`, range: `bytes=${start}-` });
  return within(options.clock, limits.ask, stream, node, async () => {
    const headers = await answered(stream, node);
    const status = headers[':status'] ?? 0;
    if (status !== 200 && status !== 206)
      throw failing(failureOf(node, { status, body: await take(stream, headers, options.most, node) }));
    const length = lengthOf(headers);
    if (length === undefined) throw broken(node, 'its payload has no length');
    faultPoint('fetch.ask.after');
    return { size: start + length, bytes: payloadBytes(stream, length, node, options.clock) };
  });
};

/** The bytes; throws where they break off or none comes for 30 s, whether or not anybody has begun to read. */
const payloadBytes = (
  stream: ClientHttp2Stream,
  expected: number,
  node: string,
  clock: Clock,
): AsyncIterable<Uint8Array> => {
  let why = 'it was closed';
  const stall = (): (() => void) =>
    clock.after(limits.stall, () => {
      why = `no byte within ${limits.stall / 1000} s`;
      stream.destroy();
    });
  let cancel = stall();
  return {
    async *[Symbol.asyncIterator]() {
      let got = 0;
      const chunks = (stream as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
      try {
        for (;;) {
          // only while we wait for the peer: a slow reader of ours is not its fault
          cancel();
          cancel = stall();
          const next = await chunks.next();
          cancel();
          if (next.done === true) break;
          got += next.value.length;
          if (got > expected) throw new Error('it sent more than it had announced');
          yield next.value;
        }
        if (got !== expected) throw new Error(why);
      } catch (error) {
        throw failing(
          temporary(
            'linkBroken',
            `The payload from ${node} broke off after ${got} of ${expected} bytes: ${wordsOf(error)}.`,
          ),
        );
      } finally {
        cancel();
        stream.close(constants.NGHTTP2_CANCEL);
        stream.destroy();
      }
    },
  };
};
