/** A request on an asking connection: sending its head, taking its answer, and the time that both may need. */
import { type ClientHttp2Stream, constants, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http2';
import { permanent, temporary } from '../../domain/failure.ts';
import type { Clock } from '../../domain/ports.ts';
import type { Asking } from './connection.ts';
import { failing, type Reply, wordsOf } from './failures.ts';

/** What an answer is bounded by: `most` bytes, a bound that is called `bound` (maxMessageSize unless told). */
export type Bounds = { readonly most: number; readonly bound?: string; readonly clock: Clock };

/** The failure of whatever is asked while there is no link. */
export const noLink = (node: string): Error =>
  failing(temporary('noLink', `There is no link to ${node} at the moment.`));

/** The failure of whatever was on its way when the link broke. */
export const broken = (node: string, why: string): Error =>
  failing(temporary('linkBroken', `The link to ${node} broke before it had answered: ${why}.`));

/** The length that a head announces, where it does. */
export const lengthOf = (headers: IncomingHttpHeaders): number | undefined => {
  const length = headers['content-length'];
  return length !== undefined && /^\d{1,15}$/.test(length) ? Number(length) : undefined;
};

/** Begins a request; unless its head is all of it, a body of the announced length follows. */
export const request = (connection: Asking, headers: OutgoingHttpHeaders, endStream: boolean): ClientHttp2Stream => {
  const { session, peer } = connection;
  if (session.closed || session.destroyed) throw noLink(peer.node);
  const stream = session.request(headers, { endStream });
  stream.on('error', () => undefined);
  return stream;
};

/** Resolves with the headers of the answer. */
export const answered = (
  stream: ClientHttp2Stream,
  node: string,
): Promise<IncomingHttpHeaders & { ':status'?: number }> =>
  new Promise((resolve, reject) => {
    const failed = (error: unknown): void => reject(broken(node, wordsOf(error)));
    const closed = (): void => reject(broken(node, 'it was closed'));
    stream.once('response', (headers: IncomingHttpHeaders & { ':status'?: number }) => {
      stream.off('error', failed).off('close', closed);
      resolve(headers);
    });
    stream.once('error', failed).once('close', closed);
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

/** The whole body of an answer; refuses one that is cut, or above its bound. */
export const take = async (
  stream: ClientHttp2Stream,
  headers: IncomingHttpHeaders,
  node: string,
  { most, bound = 'maxMessageSize' }: Bounds,
): Promise<Uint8Array> => {
  const length = lengthOf(headers);
  if (length === undefined) throw broken(node, 'its answer has no length');
  if (length > most)
    throw failing(permanent('tooLarge', `The answer of ${node} has ${length} bytes, and ${bound} is ${most}.`));
  return wholeBody(stream, length);
};

/** The whole answer to a request, which may come before all of the request was sent. */
export const replyOn = async (stream: ClientHttp2Stream, node: string, bounds: Bounds): Promise<Reply> => {
  const headers = await answered(stream, node);
  return { status: headers[':status'] ?? 0, body: await take(stream, headers, node, bounds) };
};

/** Lets go of a request that has its answer. */
export const settle = (stream: ClientHttp2Stream): void => {
  if (!stream.writableFinished) stream.close(constants.NGHTTP2_CANCEL);
};

/** Runs with a deadline, which ends the stream and is a failure of its own; `moved` sets it anew. */
export const within = async <A>(
  { clock, milliseconds, stream, node, late = 'did not answer within' }: Deadline,
  run: (moved: () => void) => Promise<A>,
): Promise<A> => {
  const deadline = { over: false, done: false };
  const drop = (): void => {
    stream.close(constants.NGHTTP2_CANCEL);
    stream.destroy();
  };
  const wait = (): (() => void) =>
    clock.after(milliseconds, () => {
      deadline.over = true;
      drop();
    });
  let cancel = wait();
  try {
    return await run(() => {
      cancel();
      if (!deadline.done) cancel = wait();
    });
  } catch (error) {
    drop();
    if (deadline.over) throw failing(temporary('timeout', `${node} ${late} ${milliseconds / 1000} s.`));
    throw error instanceof Error && error.cause !== undefined ? error : broken(node, wordsOf(error));
  } finally {
    deadline.done = true;
    cancel();
  }
};

type Deadline = {
  readonly clock: Clock;
  readonly milliseconds: number;
  readonly stream: ClientHttp2Stream;
  readonly node: string;
  /** What the peer is blamed for, followed by the time. */
  readonly late?: string;
};
