/** Staging: a payload as the body of a request, on the side that asks and on the side that answers. */
import type { ClientHttp2Stream, IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { refusal, temporary } from '../../domain/failure.ts';
import type { Peer, PeerHandlers } from '../../domain/message.ts';
import { type PayloadRef, payloadRef } from '../../domain/payload.ts';
import type { Clock } from '../../domain/ports.ts';
import { faultPoint } from '../shared/fault-point.ts';
import { bytesOf } from './bytes.ts';
import type { Asking } from './connection.ts';
import { failing, outcomeReply, type Reply, refusalReply, wordsOf } from './failures.ts';
import { limits } from './limits.ts';
import { type Bounds, lengthOf, replyOn, request, settle, within } from './request.ts';

/** RFC 9530. */
const digestOf = (sha256: string): string => `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`;

/** Sends a payload as fast as it is taken, until all of it is sent or the peer answers; fails where no byte moves for 30 s. */
export const askStage = async (
  connection: Asking,
  payload: PayloadRef,
  bytes: AsyncIterable<Uint8Array>,
  options: Bounds,
): Promise<Reply> => {
  const { node } = connection.peer;
  const { clock } = options;
  faultPoint('message.ask.before');
  const head = {
    ':method': 'PUT',
    ':path': `/payloads/${payload.key}`,
    'content-length': payload.size,
    'content-digest': digestOf(payload.sha256),
  };
  const stream = request(connection, head, false);
  const late = 'neither took a byte nor answered within';
  return within({ clock, milliseconds: limits.stall, stream, node, late }, async (moved) => {
    const reply = replyOn(stream, node, options);
    const sending = pour(stream, payload, bytes, moved);
    // a source that never gives its next byte keeps no answer waiting
    const first = await Promise.race([reply, sending.then(() => reply)]);
    faultPoint('message.ask.after');
    settle(stream);
    return first;
  });
};

/** Ends the request only after exactly the announced bytes; returns early where nobody wants more of them. */
const pour = async (
  stream: ClientHttp2Stream,
  { key, size }: PayloadRef,
  bytes: AsyncIterable<Uint8Array>,
  moved: () => void,
): Promise<void> => {
  const state = { over: false, wake: (): void => undefined };
  const stop = (): void => {
    state.over = true;
    state.wake();
  };
  stream.once('response', stop);
  stream.once('close', stop);
  const write = (piece: Uint8Array): Promise<void> =>
    new Promise((resolve) => {
      state.wake = resolve;
      stream.write(piece, () => resolve());
    });
  let sent = 0;
  try {
    for await (const chunk of bytes) {
      if (sent + chunk.length > size) throw new Error('it has more bytes than it should');
      // in pieces, so that a slow link is seen to move
      for (let at = 0; at < chunk.length && !state.over; at += limits.piece) {
        await write(chunk.subarray(at, at + limits.piece));
        moved();
      }
      sent += chunk.length;
      if (state.over) return;
    }
    if (sent !== size) throw new Error(`it ends after ${sent} of ${size} bytes`);
  } catch (error) {
    if (error instanceof Error && error.cause !== undefined) throw error;
    throw failing(temporary('payloadBroken', `Payload ${key} cannot be read: ${wordsOf(error)}.`));
  }
  stream.end();
};

const stagedPayload = (key: string, headers: IncomingHttpHeaders): PayloadRef | undefined => {
  const digest = /^sha-256=:([A-Za-z0-9+/]{43}=):$/.exec(String(headers['content-digest']))?.[1] ?? '';
  const sha256 = Buffer.from(digest, 'base64').toString('hex');
  return payloadRef.safeParse({ key, size: lengthOf(headers), sha256 }).data;
};

/** Gives a payload that a peer stages to the handler, which sees it whole or sees it break off. */
export const takeStage = async (
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  key: string,
  options: { readonly handlers: PeerHandlers; readonly from: Peer; readonly clock: Clock },
): Promise<Reply> => {
  const { handlers, from, clock } = options;
  const payload = stagedPayload(key, headers);
  if (payload === undefined)
    return refusalReply(refusal('invalid', 'The key, length or digest of the payload is not understood.'));
  const bytes = bytesOf(stream, payload.size, { node: from.node, clock, done: () => undefined });
  return outcomeReply(await handlers.stage(from, payload, bytes));
};
