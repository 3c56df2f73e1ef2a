/** Routes: paths on dmz's HTTP endpoints that lead to services of the intranet. Where those are only inner knows. */
import { z } from 'zod';
import { plainName } from './channel.ts';
import { leadsHome } from './plain-path.ts';
import { duration, size } from './units.ts';

const method = z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** The most routes of a server. */
export const mostRoutes = 1000;

const routePath = z
  .string()
  .max(255)
  .regex(/^\/(?:[A-Za-z0-9._~-]+(?:\/[A-Za-z0-9._~-]+)*)?$/, 'a path such as /shop or /api/v1, no slash at its end')
  .refine((path) => !/(^|\/)\.\.?(\/|$)/.test(path), 'a path without . and ..')
  .refine((path) => path !== '/c' && !path.startsWith('/c/'), '/c/ leads to the homes of channels; choose another');

const serviceUrl = z
  .string()
  .max(1024)
  .regex(
    /^https?:\/\/(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:\d{1,5})?(\/[A-Za-z0-9._~%/-]*)?$/,
    'a URL such as http://shop.intranet:8080 or https://shop.intranet/base, without login, query and fragment',
  )
  .refine((text) => URL.canParse(text), 'this is no URL');

const callers = z.union([z.literal('everybody'), z.array(plainName).min(1).max(100)], {
  error: 'write everybody, or a list of channels',
});

/** A route, as inner's config has it. */
export const routeSettings = z.strictObject({
  id: plainName.describe('Its name: what dmz says to inner in place of an address.'),
  path: routePath.describe(
    '`/shop` takes `/shop` and all that begins with `/shop/`, on every HTTP endpoint. Of several that fit the longest counts.',
  ),
  url: serviceUrl.describe('Where the service is; what follows `path` is put behind it. dmz never learns it.'),
  callers: callers.describe(
    'Who may call: everybody, or whoever logs in as one of these channels, which the service learns by the header `Sallyport-Channel`.',
  ),
  methods: z
    .array(method)
    .min(1)
    .default([...method.options])
    .describe('Methods that are passed through.'),
  maxRequest: size.prefault('1 GiB').describe('The largest body of a request.'),
  maxAnswer: size.prefault('10 GiB').describe('The largest body of an answer.'),
  answerTimeout: duration
    .prefault('1m')
    .describe('How long the service may take to begin its answer once it has the whole request.'),
  idleTimeout: duration
    .prefault('1m')
    .describe('An exchange of which nothing moves for so long, in either direction, is given up.'),
  timeout: duration.prefault('1h').describe('The longest that an exchange may take at all.'),
  maxConcurrent: z.number().int().min(1).max(500).default(100).describe('Exchanges at the same time.'),
});
export type RouteSettings = z.infer<typeof routeSettings>;

const count = z.number().int().nonnegative();

/** What dmz knows of a route. */
export const replicatedRoute = z.strictObject({
  id: plainName,
  path: z.string().startsWith('/').max(255),
  callers,
  methods: z.array(method).min(1).max(20),
  maxRequest: count,
  maxAnswer: count,
  answerTimeout: count,
  idleTimeout: count,
  timeout: count,
  maxConcurrent: count,
});
export type Route = z.infer<typeof replicatedRoute>;

/** All routes, as inner tells dmz. */
export const routesRequest = z.strictObject({ routes: z.array(replicatedRoute).max(mostRoutes) });

/** What dmz may know of a route: all but where it leads. */
export const shownRoute = ({ url: _, ...shown }: RouteSettings): Route => shown;

/** The route of a path, and what of the path follows the route's own. The longest that fits counts. */
export const routeOf = <R extends Pick<Route, 'path'>>(
  routes: readonly R[],
  path: string,
): { readonly route: R; readonly rest: string } | undefined => {
  if (leadsHome(path)) return undefined;
  let found: R | undefined;
  for (const route of routes) {
    const fits = route.path === '/' || path === route.path || path.startsWith(`${route.path}/`);
    if (fits && route.path.length >= (found?.path.length ?? 0)) found = route;
  }
  if (found === undefined) return undefined;
  return { route: found, rest: found.path === '/' ? path : path.slice(found.path.length) };
};

/** The stream in which a dmz records the routes that it was told. */
export const routesStream = (node: string): string => `routes-${node}`;

/** What is recorded there. Local: it never travels. */
export const routeVocabulary = {
  /** These are the routes from here on. */
  routesTaken: z.strictObject({ from: z.string().max(63), routes: z.array(replicatedRoute) }),
} as const;

type Caller = { readonly name: string; readonly login?: string | undefined; readonly invisibleToDmz: boolean };

/** What is wrong with the routes of a config, seen together with its channels. */
export const routeProblems = ({
  routes,
  channels,
}: {
  readonly routes: readonly RouteSettings[];
  readonly channels: readonly Caller[];
}): readonly { readonly path: string; readonly problem: string }[] =>
  routes.flatMap((route, i) => {
    const earlier = routes.slice(0, i);
    const one = (name: string, problem: string) => ({ path: `routes[${i}].${name}`, problem });
    return [
      ...(earlier.some(({ id }) => id === route.id) ? [one('id', 'another route has this id')] : []),
      ...(earlier.some(({ path }) => path === route.path) ? [one('path', 'another route has this path')] : []),
      ...(route.callers === 'everybody' ? [] : route.callers).flatMap((name, j) => {
        const found = channels.find((each) => each.name === name);
        if (found === undefined) return [one(`callers[${j}]`, `there is no channel "${name}"`)];
        if (found.login === undefined)
          return [one(`callers[${j}]`, `nobody can log in to channel ${name}: it has no login`)];
        return found.invisibleToDmz ? [one(`callers[${j}]`, `channel ${name} is invisible to dmz`)] : [];
      }),
    ];
  });
