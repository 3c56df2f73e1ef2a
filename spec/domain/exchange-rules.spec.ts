import { describe, expect, it } from 'vitest';
import type { ExchangeRequest, Header } from '../../domain/exchange.ts';
import { clientAnswer, endToEnd, isWithin, serviceRequest } from '../../domain/exchange-rules.ts';
import { plainPath } from '../../domain/plain-path.ts';
import { type RouteSettings, routeOf, routeProblems, routeSettings, shownRoute } from '../../domain/route.ts';

const route = (own: Partial<RouteSettings> = {}): RouteSettings => ({
  ...routeSettings.parse({ id: 'shop', path: '/shop', url: 'http://shop.example:8080/web', callers: 'everybody' }),
  ...own,
});
const request = (own: Partial<ExchangeRequest> = {}): ExchangeRequest => ({
  ...{ route: 'shop', method: 'GET', target: '/a?b', headers: [], length: 0 },
  client: { address: '2001:db8::7', protocol: 'https', host: 'dmz.example:8443', version: '2.0' },
  ...own,
});
const valuesOf = (headers: readonly Header[], name: string) =>
  headers.filter(([each]) => each === name).map(([, text]) => text);

describe('a request for a service', () => {
  it('goes behind the path of the service, with its host', () => {
    const urlFor = (target: string, url?: string) =>
      serviceRequest(route(url === undefined ? {} : { url }), request({ target })).url;
    expect(urlFor('/a?b')).toBe('http://shop.example:8080/web/a?b');
    expect(urlFor('')).toBe('http://shop.example:8080/web');
    expect(urlFor('?q')).toBe('http://shop.example:8080/web?q');
    expect(urlFor('?q', 'http://x')).toBe('http://x/?q');
    expect(urlFor('//evil.example/', 'http://x')).toBe('http://x//evil.example/');
    expect(valuesOf(serviceRequest(route(), request()).headers, 'host')).toEqual(['shop.example:8080']);
  });

  it('tells what we know of the client, and nothing that the client claims of that', () => {
    const headers: Header[] = [
      'forwarded',
      'x-forwarded-for',
      'x-forwarded-port',
      'x-real-ip',
      'sallyport-channel',
      'sallyport_channel',
      'x_forwarded-for',
    ].map((name) => [name, 'claimed']);
    const sent = serviceRequest(route(), request({ headers })).headers;
    expect(sent.filter(([, value]) => value === 'claimed')).toEqual([]);
    expect(valuesOf(sent, 'forwarded')).toEqual(['for="[2001:db8::7]";proto=https;host="dmz.example:8443"']);
    expect(valuesOf(sent, 'via')).toEqual(['2.0 sallyport']);
  });

  it('bears no login that was for us', () => {
    const headers: Header[] = [['authorization', 'Basic x']];
    const client = { ...request().client, channel: 'acme' };
    const sent = serviceRequest(route({ callers: ['acme'] }), request({ headers, client })).headers;
    expect([valuesOf(sent, 'authorization'), valuesOf(sent, 'sallyport-channel')]).toEqual([[], ['acme']]);
  });

  it('loses what is for one hop, and what Connection names', () => {
    const all: Header[] = [
      ['connection', 'Close, X-Mine'],
      ['x-mine', '1'],
      ['te', 'trailers'],
      ['upgrade', 'h2c'],
      ['x-yours', '2'],
    ];
    expect(endToEnd(all)).toEqual([['x-yours', '2']]);
  });

  it.each([
    '/..',
    '/a/..',
    '/../a',
    '/%2e%2E/a',
    '/.%2e',
    '/a/..;x/b',
    '/a%2f..%2fb',
    '/a\\..\\b',
    '/a%5c..',
    '/./a',
    '/a%00',
  ])('is not made for %s', (target) => expect(isWithin(target)).toBe(false));
  it.each(['', '/', '/a..b', '/...', '/a%2fb', '/.well-known/x', '/a?x=/../'])('is made for %s', (target) => {
    expect(isWithin(target)).toBe(true);
  });
});

describe('an answer of a service', () => {
  const locationFor = (value: string, own: Partial<RouteSettings> = {}) =>
    valuesOf(clientAnswer(route(own), { status: 302, headers: [['location', value]] }).headers, 'location')[0];
  it('names the route where it would name the service', () => {
    expect(locationFor('http://shop.example:8080/web/there?x')).toBe('/shop/there?x');
    expect(locationFor('/web/there')).toBe('/shop/there');
    expect(locationFor('/there', { url: 'http://x' })).toBe('/shop/there');
    expect(locationFor('http://shop.example:8080/other')).toBe('/other');
    for (const other of ['https://elsewhere.example/web/', '//elsewhere.example/', 'there'])
      expect(locationFor(other)).toBe(other);
  });
});

describe('the route of a path', () => {
  const routes = [{ path: '/shop' }, { path: '/shop/admin' }, { path: '/shopping' }];
  it('is the longest that fits, by whole segments', () => {
    expect(routeOf(routes, '/shop/a')).toEqual({ route: routes[0], rest: '/a' });
    expect(routeOf(routes, '/shop/admin')).toEqual({ route: routes[1], rest: '' });
    expect(routeOf(routes, '/shop/administrator')?.route).toBe(routes[0]);
    expect(routeOf(routes, '/sho')).toBeUndefined();
    expect(routeOf([...routes, { path: '/' }], '/sho')).toEqual({ route: { path: '/' }, rest: '/sho' });
  });

  it('is never that of a home of a channel', () => {
    for (const path of ['/c', '/c/', '/c/acme/a', '//c/acme', '/%63/acme', '/c;a/acme', '/c%2facme'])
      expect([path, routeOf([{ path: '/' }], path)]).toEqual([path, undefined]);
    for (const path of ['/cc', '/a/c/b']) expect(routeOf([{ path: '/' }], path)?.rest).toBe(path);
  });

  it('is looked for as the most lenient reader would', () => {
    expect(plainPath('/shop//%61dmin')).toBe('/shop/admin');
    expect(plainPath('/shop%2fadmin')).toBe('/shop/admin');
    expect(plainPath('/shop;a=b/%3bc/admin;d')).toBe('/shop/admin');
  });
});

describe('the routes of a config', () => {
  it('must be of one id and one path each, and their callers must be able to log in to dmz', () => {
    const channels = [
      { name: 'acme', login: 'acme', invisibleToDmz: false },
      { name: 'mute', invisibleToDmz: false },
      { name: 'hidden', login: 'h', invisibleToDmz: true },
    ];
    const routes = [route(), route({ callers: ['acme', 'mute', 'hidden', 'none'] })];
    expect(routeProblems({ routes, channels }).map(({ path }) => path)).toEqual([
      ...['routes[1].id', 'routes[1].path', 'routes[1].callers[1]', 'routes[1].callers[2]', 'routes[1].callers[3]'],
    ]);
  });

  it.each(['/c', '/c/acme', 'shop', '/shop/', '/a/../b', '/a b', '/%61'])('have no path such as %s', (path) => {
    expect(routeSettings.shape.path.safeParse(path).success).toBe(false);
  });
  it.each(['ftp://x', 'http://u:p@x', 'http://x/?q', 'http://x/#f', 'x'])('lead to no URL such as %s', (url) => {
    expect(routeSettings.shape.url.safeParse(url).success).toBe(false);
  });

  it('are shown to dmz without where they lead', () => {
    expect(JSON.stringify(shownRoute(route()))).not.toContain('shop.example');
  });
});
