/** PUT and POST: the body of a request becomes an upload of the intake. */
import { isLeft, isRight, left } from 'fp-ts/lib/Either.js';
import type { Decision } from '../../domain/failure.ts';
import type { Session, Taken, Upload } from '../../domain/intake.ts';
import { baseName } from '../../domain/path.ts';
import { bodyOf } from './body.ts';
import { type Check, checkOf } from './digests.ts';
import { type Exchange, header, type Outcome } from './exchange.ts';
import { json, problem, type Reply, refused } from './replies.ts';
import { transferPath } from './target.ts';
import { patience } from './transfers.ts';

/** Takes the body as one file of the name in the URL. */
export const put = async (exchange: Exchange): Outcome => {
  const { session, target } = exchange;
  if (target.kind === 'directory') return problem(400, 'this is a directory: put the name of the file into the URL');
  const objection = await objectionTo(exchange, target.name);
  if (objection !== undefined) return objection;
  const check = checkOf(['content-digest', 'repr-digest'].map((name) => header(exchange, name)));
  if (isLeft(check)) return refused(check.left);
  const upload = await session.upload(target.name, { requestKey: header(exchange, 'idempotency-key') })();
  if (isLeft(upload)) return refused(upload.left);
  try {
    exchange.proceed();
    const taken = await take(exchange, upload.right, check.right);
    return isLeft(taken) ? refused(taken.left) : await received(exchange, target.name, upload.right.size, taken.right);
  } finally {
    // Does nothing where it was completed.
    await upload.right.abandon();
  }
};

/** Why this is not begun at all; all of that is known before the body. */
export const objectionTo = async (exchange: Exchange, path: string): Promise<Reply | undefined> => {
  const { request, session } = exchange;
  const encoding = header(exchange, 'content-encoding');
  if (encoding !== undefined && encoding !== 'identity')
    return problem(415, 'send the bytes as they are, without Content-Encoding', { 'accept-encoding': 'identity' });
  if (header(exchange, 'content-range') !== undefined)
    return problem(400, 'send the file whole, without Content-Range');
  if ((header(exchange, 'idempotency-key') ?? '').length > longestKey)
    return problem(400, `an Idempotency-Key has at most ${longestKey} characters`);
  if (header(exchange, 'if-match') !== undefined) return problem(400, 'If-Match is not for files that are delivered');
  if (header(exchange, 'if-none-match') !== undefined && isRight(await session.stat(path)()))
    return problem(412, 'there is a file of this name already');
  const length = Number(request.headers['content-length'] ?? 0);
  const would = await session.wouldTake(length)();
  return isLeft(would) ? refused(would.left) : undefined;
};

const longestKey = 255;

const take = async (
  { request, context, settings }: Exchange,
  upload: Upload,
  check: Check,
): Promise<Decision<Taken>> => {
  let offset = 0;
  for await (const chunk of bodyOf(request, context.clock, settings.idleTimeout)) {
    check.take(chunk);
    const written = await upload.write(offset, chunk)();
    if (isLeft(written)) return written;
    offset += chunk.length;
  }
  return finish(upload, check);
};

/** The durable point, unless the bytes are not what they were meant to be. */
export const finish = async (upload: Upload, check: Check): Promise<Decision<Taken>> => {
  const objection = check.objection();
  return objection === undefined ? upload.complete()() : left(objection);
};

/** What became of a file, as far as its partner wants to wait for that. */
export const received = async (exchange: Exchange, path: string, size: number, { transfer }: Taken): Promise<Reply> => {
  const told = await standing(exchange, path, size, { transfer });
  const location = transfer === undefined ? {} : { location: transferPath(exchange.session.channel, transfer) };
  return json(201, told, location);
};

/** What is told of one file. */
export type Told = Readonly<Record<string, unknown>> & {
  readonly transfer: string | null;
  readonly name: string;
  readonly size: number;
};

/** The JSON of one file. */
export const standing = async (exchange: Exchange, path: string, size: number, { transfer }: Taken): Promise<Told> => {
  const waiting = { transfer: null, name: baseName(path), size, state: 'waiting' };
  if (transfer === undefined) return waiting;
  const found = await told(exchange, transfer);
  // It is taken, whatever can be told of it now.
  return isRight(found) ? found.right : { ...waiting, transfer, state: 'received' };
};

const told = async (exchange: Exchange, transfer: string): ReturnType<ReturnType<Session['standing']>> => {
  const waiting = patience(exchange);
  try {
    return await exchange.session.standing(transfer, waiting.signal)();
  } finally {
    waiting.end();
  }
};
