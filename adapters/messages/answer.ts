/** Answering: every request of a peer on an answering connection. */
import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { pipeline } from 'node:stream/promises';
import type { Either } from 'fp-ts/lib/Either.js';
import { type Refusal, refusal } from '../../domain/failure.ts';
import { mayAsk, type PeerHandlers } from '../../domain/message.ts';
import { payloadKey } from '../../domain/payload.ts';
import type { Clock, Log } from '../../domain/ports.ts';
import { faultPoint } from '../shared/fault-point.ts';
import type { Answering } from './connection.ts';
import { type Reply, refusalReply, wordsOf } from './failures.ts';
import { limits } from './limits.ts';
import { isRoute, routes } from './routes.ts';
import { takeStage } from './stage.ts';
import { takeThrough } from './through.ts';

type Options = {
  readonly handlers: PeerHandlers;
  readonly maxMessageSize: number;
  /** Takes the hello of this connection and answers with ours. */
  readonly hello: (body: Uint8Array) => Either<Refusal, Uint8Array>;
  readonly log: Log;
  readonly clock: Clock;
};

/** Answers what comes on a connection. Before the hello nothing else is answered; afterwards only what the peer's role may ask. */
export const answer = (connection: Answering, options: Options): void => {
  const { peer } = connection;
  const { handlers, maxMessageSize, log, clock } = options;
  let greeted = false;
  let buffered = 0;

  const body = async (
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    most: number,
  ): Promise<Uint8Array | Refusal> => {
    const declared = headers['content-length'];
    if (declared === undefined || !/^\d{1,15}$/.test(declared))
      return refusal('invalid', 'A request must say its length.');
    const length = Number(declared);
    if (length > most)
      return refusal('tooLarge', `The message has ${length} bytes, and maxMessageSize of this server is ${most}.`);
    // a peer of ours stays below half of this by itself
    if (buffered + length > 4 * maxMessageSize) return refusal('busy', 'Too much is on its way; try again.');
    buffered += length;
    const cancel = clock.after(limits.ask, () => stream.destroy());
    try {
      const chunks: Buffer[] = [];
      let size = 0;
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        size += chunk.length;
        if (size > length) break;
        chunks.push(chunk);
      }
      if (size !== length) throw new Error('the request broke off');
      return Buffer.concat(chunks, size);
    } finally {
      buffered -= length;
      cancel();
    }
  };

  const replyTo = async (stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<Reply | undefined> => {
    const path = headers[':path'] ?? '';
    const method = headers[':method'] ?? '';
    if (method === 'POST' && path === '/hello' && !greeted) {
      const taken = await body(stream, headers, limits.hellos);
      if ('kind' in taken) return refusalReply(taken);
      const said = options.hello(taken);
      if (said._tag === 'Left') return refusalReply(said.left);
      greeted = true;
      return { status: 200, body: said.right };
    }
    if (!greeted) return refusalReply(refusal('notPermitted', 'Say hello first.'));
    const key = /^\/payloads\/(.{1,200})$/.exec(path)?.[1];
    const asked = askedBy(method, path, key !== undefined);
    if (asked === undefined) return refusalReply(refusal('notFound', 'There is no such request.'));
    if (!mayAsk[peer.role].includes(asked)) {
      log.warn(`message service: ${peer.node} asked for ${asked}, which no ${peer.role} may`, { node: peer.node });
      return refusalReply(refusal('notPermitted', `A ${peer.role} server may not ask for ${asked}.`));
    }
    if (key !== undefined && asked === 'stage') return takeStage(stream, headers, key, { handlers, from: peer, clock });
    if (key !== undefined) return payload(stream, key, headers.range ?? 'bytes=0-');
    if (asked === 'through') return takeThrough(stream, { handlers, from: peer, clock });
    const taken = await body(stream, headers, maxMessageSize);
    if ('kind' in taken) return refusalReply(taken);
    return isRoute(path) ? routes[path].route(handlers, peer, taken) : undefined;
  };

  const payload = async (stream: ServerHttp2Stream, key: string, range: string): Promise<Reply | undefined> => {
    const start = /^bytes=(\d{1,15})-$/.exec(range)?.[1];
    if (start === undefined || !payloadKey.safeParse(key).success)
      return refusalReply(refusal('invalid', 'The key or range of the payload is not understood.'));
    const from = Number(start);
    const found = await handlers.payload(peer, key, from);
    if (found._tag === 'Left') return refusalReply(found.left);
    const { size, bytes } = found.right;
    if (from > size) return refusalReply(refusal('invalid', `The payload ends at byte ${size}.`));
    if (stream.destroyed) return undefined;
    faultPoint('message.payload.before');
    stream.respond({ ':status': from === 0 ? 200 : 206, 'content-length': size - from });
    await pipeline(bytes, stream);
    faultPoint('message.payload.after');
    return undefined;
  };

  const send = (stream: ServerHttp2Stream, reply: Reply): void => {
    if (stream.destroyed || stream.closed) return;
    faultPoint('message.answer.before');
    stream.respond({ ':status': reply.status, 'content-length': reply.body.length });
    stream.end(reply.body, () => faultPoint('message.answer.after'));
    // the rest of a request that was answered early is not wanted
    if (!stream.readableEnded) stream.close(constants.NGHTTP2_NO_ERROR);
  };

  connection.session.on('stream', (stream, headers) => {
    stream.on('error', () => undefined);
    replyTo(stream, headers).then(
      (reply) => {
        if (reply !== undefined) send(stream, reply);
      },
      (error: unknown) => {
        // who hung up needs no answer, and is no error of ours
        if (stream.destroyed && !stream.headersSent) return;
        if (stream.aborted || isHangUp(error)) return;
        log.error(`message service: ${headers[':path'] ?? ''} from ${peer.node} failed: ${wordsOf(error)}`, {
          node: peer.node,
        });
        if (stream.headersSent) stream.close(constants.NGHTTP2_INTERNAL_ERROR);
        else send(stream, { status: 500, body: new Uint8Array() });
      },
    );
  });
};

const askedBy = (method: string, path: string, ofPayload: boolean): keyof PeerHandlers | undefined => {
  if (ofPayload) return method === 'GET' ? 'payload' : method === 'PUT' ? 'stage' : undefined;
  if (method === 'POST' && path === '/through') return 'through';
  return method === 'POST' && isRoute(path) ? routes[path].may : undefined;
};

const isHangUp = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE';
