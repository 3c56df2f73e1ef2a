/** Passing through: an exchange is one HTTP/2 stream with a head and a body each way, on the side that asks and on the side that answers. */
import { constants, type ServerHttp2Stream } from 'node:http2';
import {
  type Answered,
  type Body,
  type ExchangeRequest,
  exchangeAnswer,
  exchangeRequest,
  longestHead,
} from '../../domain/exchange.ts';
import { noBody } from '../../domain/exchange-rules.ts';
import { refusal } from '../../domain/failure.ts';
import type { Peer, PeerHandlers } from '../../domain/message.ts';
import type { Clock } from '../../domain/ports.ts';
import { decoded, decodeOne, encodeOne } from './codec.ts';
import type { Asking } from './connection.ts';
import { failing, failureOf, type Reply, refusalReply, wordsOf } from './failures.ts';
import { framesOf, pour } from './frames.ts';
import { limits } from './limits.ts';
import { answered, type Bounds, request as begin, broken, take } from './request.ts';

/** Sends a request and resolves with the head of the answer; both bodies go on meanwhile. Lets go of all once `gone` aborts. */
export const askThrough = async (
  connection: Asking,
  request: ExchangeRequest,
  body: Body,
  { gone, ...bounds }: Bounds & { readonly gone: AbortSignal },
): Promise<Answered> => {
  const { node } = connection.peer;
  if (gone.aborted) throw broken(node, 'nobody waits for it');
  const stream = begin(connection, { ':method': 'POST', ':path': '/through' }, false);
  let why: string | undefined;
  const frames = framesOf(stream);
  const drop = (): void => {
    // what has come to its end in both directions needs no more than a moment
    if (frames.isWhole() && stream.writableEnded) return;
    stream.close(constants.NGHTTP2_CANCEL);
    stream.destroy();
  };
  gone.addEventListener('abort', drop, { once: true });
  stream.once('close', () => gone.removeEventListener('abort', drop));
  pour(stream, encodeOne(request), body).catch((error: unknown) => {
    why = `its request broke off: ${wordsOf(error)}`;
    drop();
  });
  try {
    const headers = await answered(stream, node);
    if (headers[':status'] !== 200)
      throw failing(
        failureOf(node, { status: headers[':status'] ?? 0, body: await take(stream, headers, node, bounds) }),
      );
    const head = exchangeAnswer.parse(decodeOne(await frames.head(longestHead)));
    return { head, body: frames.body };
  } catch (error) {
    drop();
    throw error instanceof Error && error.cause !== undefined && why === undefined
      ? error
      : broken(node, why ?? wordsOf(error));
  }
};

/** Answers a request that is to be passed through. */
export const takeThrough = async (
  stream: ServerHttp2Stream,
  { handlers, from, clock }: { readonly handlers: PeerHandlers; readonly from: Peer; readonly clock: Clock },
): Promise<Reply | undefined> => {
  const frames = framesOf(stream);
  const cancel = clock.after(limits.ask, () => stream.destroy());
  const gone = new AbortController();
  stream.once('close', () => gone.abort('over'));
  const read = async (): Promise<ExchangeRequest | undefined> => {
    const head = await frames.head(longestHead);
    const found = decoded(() => exchangeRequest.parse(decodeOne(head)));
    if (found?.length === 0) await drain(frames.body);
    return found;
  };
  const request = await read().finally(cancel);
  if (request === undefined) return refusalReply(refusal('invalid', 'The head of the request is not understood.'));
  const answer = await handlers.through(from, request, request.length === 0 ? noBody : frames.body, gone.signal);
  if (answer._tag === 'Left') return refusalReply(answer.left);
  if (stream.destroyed) return undefined;
  stream.respond({ ':status': 200 });
  await pour(stream, encodeOne(answer.right.head), answer.right.body).catch(() =>
    stream.close(constants.NGHTTP2_INTERNAL_ERROR),
  );
  // the rest of a request that was answered early is not wanted
  if (!stream.readableEnded) stream.close(constants.NGHTTP2_NO_ERROR);
  return undefined;
};

const drain = async (body: Body): Promise<void> => {
  for await (const piece of body) if (piece.length > 0) throw new Error('it has a body that it did not announce');
};
