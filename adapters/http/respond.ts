/** From a request to its answer: what it must be before anybody looks at it, who made it, and what it wants. */
import type { IncomingMessage } from 'node:http';
import { isLeft } from 'fp-ts/lib/Either.js';
import { get } from './downloads.ts';
import type { Asked, Exchange, Outcome } from './exchange.ts';
import { foreignText, isForeign } from './foreign.ts';
import { isForm, post } from './forms.ts';
import { list } from './listings.ts';
import { common, problem, type Reply, refused } from './replies.ts';
import { type Target, targetOf } from './target.ts';
import { passedThrough } from './through/index.ts';
import { hasUnreadBody } from './through/upgrades.ts';
import { tell } from './transfers.ts';
import { put } from './uploads.ts';

/** Answers a request. */
export const respond = async (asked: Asked): Outcome => {
  const { request } = asked;
  const objection = objectionTo(request);
  if (objection !== undefined) return objection;
  const passed = passedThrough(asked);
  if (passed !== undefined) return passed;
  const target = targetOf(request.url ?? '');
  if (isLeft(target)) return refused(target.left);
  const methods = methodsOf(target.right);
  const run = methods[request.method ?? ''];
  if (run === undefined) return common.noMethod(Object.keys(methods).join(', '));
  if (isForeign(request, target.right.kind === 'directory')) return problem(403, foreignText);
  const session = await asked.sessionOf([target.right.channel], request.headers.authorization);
  return isLeft(session) ? refused(session.left) : run({ ...asked, session: session.right, target: target.right });
};

const methodsOf = ({ kind }: Target): Readonly<Record<string, (exchange: Exchange) => Outcome>> => {
  if (kind === 'transfer') return { GET: tell, HEAD: tell };
  const read = kind === 'directory' ? list : get;
  return { GET: read, HEAD: read, PUT: put, POST: (exchange) => (isForm(exchange) ? post : put)(exchange) };
};

const mostHeaders = 100;
/** What may stand once, since who reads the second would read another request. */
const single = [
  ...['host', 'authorization', 'content-type', 'content-length', 'transfer-encoding', 'content-encoding'],
  ...['idempotency-key', 'range', 'if-range', 'expect', 'content-range'],
];

/** What the parser lets through and we do not. */
const objectionTo = (request: IncomingMessage): Reply | undefined => {
  const { rawHeaders, headers, httpVersion } = request;
  if (rawHeaders.length > 2 * mostHeaders) return problem(431, `a request has at most ${mostHeaders} headers`);
  const names = rawHeaders.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase());
  const twice = single.find((name) => names.indexOf(name) !== names.lastIndexOf(name));
  if (twice !== undefined) return problem(400, `the header ${twice} stands twice`);
  const coding = headers['transfer-encoding'];
  if (coding !== undefined && coding.toLowerCase() !== 'chunked')
    return problem(501, 'of transfer encodings there is only chunked');
  if (coding !== undefined && httpVersion !== '1.1') return problem(400, 'there is no Transfer-Encoding in HTTP/1.0');
  if (hasUnreadBody(request))
    return problem(501, 'a request with a body cannot change the protocol: send it without Upgrade, as HTTP/1.1');
  return undefined;
};
