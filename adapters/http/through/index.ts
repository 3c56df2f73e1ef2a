/** Requests that are passed through to services of the intranet, and their answers. */
import { isLeft } from 'fp-ts/lib/Either.js';
import type { Answered, Body, ExchangeRequest, Header, PassThrough } from '../../../domain/exchange.ts';
import { isWithin, noBody } from '../../../domain/exchange-rules.ts';
import { plainPath } from '../../../domain/plain-path.ts';
import type { Route } from '../../../domain/route.ts';
import { plainAddress } from '../../shared/plain-address.ts';
import { isCut } from '../body.ts';
import type { Asked, Outcome } from '../exchange.ts';
import { foreignText, isForeign } from '../foreign.ts';
import { problem, type Reply, refused } from '../replies.ts';
import { give, isOver } from './give.ts';
import { tunnel, tunnelled, upgradeOf } from './upgrades.ts';

type Found = { readonly through: PassThrough; readonly route: Route; readonly target: string };

/** The outcome of a request whose path is a route's; undefined for another. */
export const passedThrough = (asked: Asked): Outcome | undefined => {
  const { passThrough: through } = asked.context;
  const [, path = '', query = ''] =
    /^(?:https?:\/\/[^/?#]*)?(\/[^?#]*)(\?[^#]*)?$/i.exec(asked.request.url ?? '') ?? [];
  if (through === undefined || path === '') return undefined;
  const found = through.routeOf(path);
  // who reads it otherwise must not come to another route
  const plainly = through.routeOf(plainPath(path));
  if (found === undefined && plainly === undefined) return undefined;
  if (found === undefined || found.route !== plainly?.route || !isWithin(path))
    return Promise.resolve(
      problem(400, 'write the path plainly: without dot segments, and nothing encoded that need not be'),
    );
  return pass(asked, { through, route: found.route, target: `${found.rest}${query}` });
};

const pass = async (asked: Asked, { through, route, target }: Found): Outcome => {
  const { request, response, settings } = asked;
  const host = request.headers.host ?? String(request.headers[':authority'] ?? '');
  if (!/^[A-Za-z0-9.:_[\]-]{1,255}$/.test(host)) return problem(400, 'the host is not understood');
  const method = request.method ?? '';
  const upgrade = method === 'GET' && isWebSocket(request.headers) ? upgradeOf(request) : undefined;
  const length = upgrade === undefined ? lengthOf(request) : undefined;
  const objection = through.objection(route, { method, length });
  if (objection !== undefined) return replyOf(objection);
  let channel: string | undefined;
  if (route.callers !== 'everybody') {
    if (isForeign(request, request.headers['sec-fetch-mode'] === 'navigate')) return problem(403, foreignText);
    const session = await asked.sessionOf(route.callers, request.headers.authorization);
    if (isLeft(session)) return refused(session.left);
    ({ channel } = session.right);
  }
  const head: ExchangeRequest = {
    route: route.id,
    method,
    target,
    headers: headersOf(request.rawHeaders),
    length,
    ...(upgrade === undefined ? {} : { upgrade: 'websocket' as const }),
    client: {
      address: plainAddress(request.socket.remoteAddress),
      protocol: settings.protocol === 'https' ? 'https' : 'http',
      host,
      version: request.httpVersion,
      channel,
    },
  };
  asked.proceed();
  const gone = new AbortController();
  // a reason of ours: one that is made for each takes time
  const leave = (): void => gone.abort('over');
  const end = upgrade?.socket ?? response;
  end.once('close', leave);
  if (end.destroyed || isOver(response)) return undefined;
  const bytes = upgrade === undefined ? bytesOf(asked) : tunnelled(upgrade);
  try {
    const answer = await through.call(route, head, length === 0 ? noBody : bytes, gone.signal);
    if (upgrade !== undefined && answer.head.status === 101) await tunnel(upgrade, response, answer);
    else await give(asked, answer);
  } finally {
    end.off('close', leave);
    leave();
  }
  return undefined;
};

const isWebSocket = ({ upgrade, connection = '' }: Asked['request']['headers']): boolean =>
  upgrade?.toLowerCase() === 'websocket' && /(^|,)\s*upgrade\s*(,|$)/i.test(connection);

/** 0 where there is no body; undefined where its end tells. */
const lengthOf = (request: Asked['request'] & { readonly stream?: { readonly endAfterHeaders: boolean } }) => {
  const { 'transfer-encoding': coding, 'content-length': length } = request.headers;
  if (coding !== undefined) return undefined;
  if (length !== undefined) return Number(length);
  // in HTTP/2 a body needs neither
  return request.stream?.endAfterHeaders === false ? undefined : 0;
};

/** The headers by themselves, repeated ones too; HTTP/2 has some that are none. */
const headersOf = (raw: readonly string[]): Header[] =>
  raw.flatMap((name, i): Header[] =>
    i % 2 === 0 && !name.startsWith(':') ? [[name.toLowerCase(), raw[i + 1] ?? '']] : [],
  );

async function* bytesOf({ request }: Asked): Body & AsyncGenerator<Uint8Array, void> {
  yield* request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  if (isCut(request)) throw new Error('the request was cut off');
}

/** An answer of ours that is known before the request's body is looked at. */
const replyOf = async ({ head, body }: Answered): Promise<Reply> => {
  const pieces: Uint8Array[] = [];
  for await (const piece of body) pieces.push(piece);
  return { status: head.status, headers: Object.fromEntries(head.headers), body: Buffer.concat(pieces).toString() };
};
