/** What becomes of a request and an answer on their way: headers, targets, and what is refused. */
import type { Answered, Body, ExchangeAnswer, ExchangeRequest, Header, ServiceRequest } from './exchange.ts';
import type { Route, RouteSettings } from './route.ts';

/** RFC 9110, section 7.6.1, and what was in use before it. */
const hopByHop = new Set([
  ...['connection', 'keep-alive', 'proxy-connection', 'proxy-authenticate', 'proxy-authorization'],
  ...['te', 'trailer', 'transfer-encoding', 'upgrade', 'http2-settings'],
]);
/** Said anew by us, or only ever by us; many servers read `_` as `-`. */
const ours = /^(host|content-length|expect|forwarded|x-forwarded-.*|x-real-ip|sallyport-.*)$/;

/** Headers without those that are for the next hop alone, also those that `Connection` names. */
export const endToEnd = (headers: readonly Header[]): readonly Header[] => {
  const named = new Set(
    headers.flatMap(([name, value]) =>
      name === 'connection' ? value.split(',').map((each) => each.trim().toLowerCase()) : [],
    ),
  );
  return headers.filter(([name]) => !hopByHop.has(name) && !named.has(name));
};

/** A value as RFC 7239 wants it where it is no plain token. */
const quoted = (text: string): string => (/^[A-Za-z0-9._-]+$/.test(text) ? text : `"${text.replace(/["\\]/g, '')}"`);

/** What the service is told of the client: by us, who saw it, and by nobody else. */
const told = ({ client }: ExchangeRequest): readonly Header[] => {
  const { address, protocol, host, channel } = client;
  const node = address.includes(':') ? `"[${address}]"` : address;
  const forwarded = [`for=${node}`, `proto=${protocol}`, ...(host === undefined ? [] : [`host=${quoted(host)}`])];
  return [
    ['forwarded', forwarded.join(';')],
    ['x-forwarded-for', address],
    ['x-forwarded-proto', protocol],
    ...(host === undefined ? [] : [['x-forwarded-host', host] as const]),
    ...(channel === undefined ? [] : [['sallyport-channel', channel] as const]),
  ];
};

/** With our own entry behind those that are there (RFC 9110, section 7.6.3). */
const withVia = (headers: readonly Header[], version: string): readonly Header[] => {
  const before = headers.flatMap(([name, value]) => (name === 'via' ? [value] : []));
  return [...headers.filter(([name]) => name !== 'via'), ['via', [...before, `${version} sallyport`].join(', ')]];
};

/** A request as the service gets it. A login that was for us is not for the service. */
export const serviceRequest = (route: RouteSettings, request: ExchangeRequest): ServiceRequest => {
  const { method, target, length, upgrade } = request;
  const base = new URL(route.url);
  const path = base.pathname === '/' ? '' : base.pathname.replace(/\/$/, '');
  const kept = endToEnd(request.headers).filter(
    ([name]) => !ours.test(name.replaceAll('_', '-')) && !(name === 'authorization' && route.callers !== 'everybody'),
  );
  const wish: readonly Header[] =
    upgrade === undefined
      ? []
      : [
          ['connection', 'Upgrade'],
          ['upgrade', upgrade],
        ];
  const whole = `${path}${target}`;
  return {
    url: `${base.origin}${whole.startsWith('/') ? '' : '/'}${whole}`,
    method,
    headers: [['host', base.host], ...withVia(kept, request.client.version), ...told(request), ...wish],
    length,
    upgrade,
  };
};

/** An answer as the client gets it: where it names the service's own address, that is the route's. */
export const clientAnswer = (route: RouteSettings, answer: ExchangeAnswer): ExchangeAnswer => {
  const base = new URL(route.url);
  const root = base.pathname.replace(/\/$/, '');
  const outside = (value: string): string => {
    const path = value.startsWith(`${base.origin}/`) ? value.slice(base.origin.length) : value;
    if (!/^\/(?!\/)/.test(path)) return value;
    const isBelow = path === root || path.startsWith(`${root}/`) || path.startsWith(`${root}?`);
    return isBelow ? `${route.path === '/' ? '' : route.path}${path.slice(root.length)}` || '/' : path;
  };
  const headers = endToEnd(answer.headers)
    .filter(([name]) => name !== 'content-length')
    .map(
      ([name, value]): Header => [name, name === 'location' || name === 'content-location' ? outside(value) : value],
    );
  return { ...answer, headers: withVia(headers, '1.1') };
};

/** A segment that some server takes for this directory or the one above, however it is written. */
const isDots = (segment: string): boolean => /^(\.|%2e){1,2}(;|%3b|$)/i.test(segment);

/** May this be put behind the service's own path? It must not lead out of that, whoever reads it. */
export const isWithin = (target: string): boolean => {
  const [path = ''] = target.split('?');
  return !path.includes('\\') && !/%(00|5c)/i.test(path) && !path.split(/\/|%2f/i).some(isDots);
};

/** An answer of ours: why there is none of the service (RFC 9457). */
export const problemAnswer = (status: number, detail: string, headers: readonly Header[] = []): Answered => {
  const body = new TextEncoder().encode(`${JSON.stringify({ status, detail })}\n`);
  const own: readonly Header[] = [
    ['content-type', 'application/problem+json'],
    ['cache-control', 'no-store'],
    ...headers,
  ];
  const all: Body = {
    async *[Symbol.asyncIterator]() {
      yield await Promise.resolve(body);
    },
  };
  return { head: { status, headers: own.map(([name, value]) => [name, value]), length: body.length }, body: all };
};

/** An answer of ours that bids the client come again after so many seconds. */
export const comeAgain = (status: number, seconds: number, detail: string): Answered =>
  problemAnswer(status, detail, [['retry-after', String(seconds)]]);

/** Why a route does not take a request, as far as its head tells. */
export const objectionTo = (
  { methods, maxRequest }: Pick<Route, 'methods' | 'maxRequest'>,
  { method, length }: Pick<ExchangeRequest, 'method' | 'length'>,
): Answered | undefined => {
  const allowed: readonly string[] = methods;
  if (!allowed.includes(method))
    return problemAnswer(405, `here you can ${allowed.join(', ')}`, [['allow', allowed.join(', ')]]);
  if ((length ?? 0) > maxRequest) return problemAnswer(413, `a request may have ${maxRequest} bytes here`);
  return undefined;
};

/** Has an answer with this status, to this method, a body at all? */
export const hasBody = (method: string, status: number): boolean =>
  method !== 'HEAD' && status !== 204 && status !== 304 && status >= 200;

/** A body without a byte. */
export const noBody: Body = {
  [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve({ done: true, value: undefined }) }),
};
