/** What we answer, and which status each refusal is (RFC 9110, section 15; RFC 9457). */
import { STATUS_CODES } from 'node:http';
import type { Refusal, RefusalReason } from '../../domain/failure.ts';
import { printable } from '../shared/printable.ts';
import { type Html, html } from './html.ts';

/** An answer with all of its body, which is small. */
export type Reply = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The same for those who come with a browser. */
  readonly page?: { readonly title: string; readonly content: Html };
};

/** Whatever is answered, nobody guesses what it is, nor keeps it for others. */
export const everywhere = {
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'private, no-cache',
} as const;

/** JSON, for a program. */
export const json = (status: number, value: unknown, headers: Reply['headers'] = {}, page?: Reply['page']): Reply => ({
  status,
  headers: { ...everywhere, 'content-type': 'application/json', ...headers },
  body: `${JSON.stringify(value)}\n`,
  ...(page === undefined ? {} : { page }),
});

/** Why not, for a program and for whoever reads its log. */
export const problem = (status: number, text: string, headers: Reply['headers'] = {}): Reply => {
  const title = STATUS_CODES[status] ?? 'Error';
  const detail = printable(text, 500);
  return {
    status,
    headers: { ...everywhere, 'content-type': 'application/problem+json', ...headers },
    body: `${JSON.stringify({ title, status, detail })}\n`,
    page: { title, content: html`<p>${detail}</p>` },
  };
};

/** The answers that several places share. */
export const common = {
  noMethod: (allowed: string): Reply => problem(405, `here you can ${allowed}`, { allow: allowed }),
  slow: problem(408, 'the request came too slowly, so it was given up; nothing was delivered'),
  defect: problem(500, 'internal error'),
} as const;

type Status = readonly [status: number, retryAfter?: number];

const statuses: Readonly<Record<RefusalReason, Status>> = {
  badCredentials: [401],
  tooManySessions: [429, 60],
  tooManyAttempts: [429, 600],
  tooLarge: [413],
  badName: [400],
  notFound: [404],
  exists: [409],
  notEmpty: [409],
  isDirectory: [409],
  notDirectory: [409],
  busy: [409, 5],
  noSpace: [507, 60],
  unavailable: [503, 10],
  notPermitted: [403],
  illegal: [422],
  invalid: [400],
};

/** The ways to log in; `https` may also know the client by its certificate. */
const ways = 'Basic realm="sallyport", charset="UTF-8", Bearer realm="sallyport"';

/** A refusal as an answer. */
export const refused = ({ reason, text }: Refusal): Reply => {
  const [status, seconds] = statuses[reason];
  return problem(status, text, {
    ...(seconds === undefined ? {} : { 'retry-after': String(seconds) }),
    ...(status === 401 ? { 'www-authenticate': ways } : {}),
  });
};

/** An answer as text on the wire, after which the connection ends: for where there is no request to answer. */
export const onWire = ({ status, headers, body }: Reply): string => {
  const all = { ...headers, 'content-length': String(Buffer.byteLength(body)), connection: 'close' };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Error'}\r\n${lines.join('')}\r\n${body}`;
};
