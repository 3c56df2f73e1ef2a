/** Routes at dmz: those that inner told, kept over a restart, and the way of a request through the link. */
import { isLeft, left, right } from 'fp-ts/lib/Either.js';
import { canonical } from '../domain/canonical.ts';
import type { Answered, PassThrough } from '../domain/exchange.ts';
import { comeAgain, noBody, objectionTo, problemAnswer } from '../domain/exchange-rules.ts';
import type { Failure } from '../domain/failure.ts';
import type { Messages, PeerHandlers } from '../domain/message.ts';
import type { Clock, EventLog, Log } from '../domain/ports.ts';
import { type Route, routeOf, routesStream, routeVocabulary } from '../domain/route.ts';
import { TooMuch, type Watch, watching } from './exchange-watch.ts';
import { unanswered } from './pass-through.ts';
import { asRefusal } from './refusals.ts';
import type { Streams } from './streams.ts';
import { wholeStream } from './whole-stream.ts';

/** What they rest on. */
export type RoutesNeeds = {
  readonly eventLog: EventLog;
  readonly streams: Streams;
  readonly messages: Pick<Messages, 'links' | 'through'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly node: string;
};

/** The routes of a dmz: what inner tells, and what HTTP endpoints use. */
export type Routes = { readonly take: PeerHandlers['routes']; readonly passThrough: PassThrough };

/** On all routes together; the link takes a few more. */
const mostExchanges = 500;

/** Opens them as they were. */
export const openRoutes = async ({ eventLog, streams, messages, clock, log, node }: RoutesNeeds): Promise<Routes> => {
  let routes = await recall(eventLog, node);
  const running = new Map<string, number>();

  const full = ({ id, maxConcurrent }: Route): boolean => {
    const all = [...running.values()].reduce((sum, each) => sum + each, 0);
    return (running.get(id) ?? 0) >= maxConcurrent || all >= mostExchanges;
  };
  const enter = (id: string, gone: AbortSignal): void => {
    running.set(id, (running.get(id) ?? 0) + 1);
    gone.addEventListener('abort', () => running.set(id, (running.get(id) ?? 1) - 1), { once: true });
  };

  const passThrough: PassThrough = {
    routeOf: (path) => routeOf(routes, path),
    objection: (route, request) => {
      if (full(route)) return comeAgain(503, 1, 'too many requests at once; try again');
      return messages.links().some(isInner) ? objectionTo(route, request) : away;
    },
    call: async (route, request, body, gone) => {
      if (gone.aborted) return { ...away, over: gone };
      const watch = watching(clock, route, gone);
      const inner = messages.links().find(isInner);
      if (inner === undefined || full(route)) return { ...away, over: watch.over };
      enter(route.id, gone);
      const seen = { tooMuch: false };
      async function* counted() {
        try {
          yield* watch.request(body, request.length);
        } catch (error) {
          seen.tooMuch = error instanceof TooMuch;
          throw error;
        }
      }
      if (request.length === 0) watch.asked();
      const passed = request.length === 0 ? noBody : counted();
      const answer = await messages.through(inner.node, request, passed, watch.over)();
      if (isLeft(answer)) {
        const why = seen.tooMuch
          ? problemAnswer(413, `a request may have ${route.maxRequest} bytes here`)
          : whyNot(answer.left, watch);
        log.info('a request was not passed through', {
          route: route.id,
          status: why.head.status,
          why: answer.left.text,
        });
        return { ...why, over: gone };
      }
      const { head, body: bytes } = answer.right;
      return { head, body: watch.answer(bytes), over: watch.over };
    },
  };

  const take: Routes['take'] = async (from, told) => {
    if (canonical(told) === canonical(routes)) return right(undefined);
    const data = { from: from.node, routes: told.map((each) => ({ ...each })) };
    const done = await streams.recordLocal(routesStream(node), [{ type: 'routesTaken', data }]);
    if (isLeft(done)) return left(asRefusal(done.left));
    routes = told;
    log.info('routes replicated', { routes: told.length, from: from.node });
    return right(undefined);
  };
  return { take, passThrough };
};

const isInner = (link: { readonly role: string; readonly up: boolean }): boolean => link.role === 'inner' && link.up;

const away: Answered = comeAgain(503, 10, 'the service is away at the moment; try again');

const whyNot = ({ code }: Failure, watch: Watch): Answered => {
  if (watch.why() === 'idle' && watch.isAsking()) return problemAnswer(408, 'the request came too slowly');
  if (code === 'noLink') return away;
  if (code === 'notFound') return problemAnswer(404, 'there is nothing here');
  if (code === 'notPermitted') return problemAnswer(403, 'this is not for you');
  return unanswered(watch.why());
};

const recall = async (log: EventLog, node: string): Promise<readonly Route[]> => {
  let routes: readonly Route[] = [];
  for await (const { type, data } of wholeStream(log, routesStream(node)))
    if (type === 'routesTaken') ({ routes } = routeVocabulary.routesTaken.parse(data));
  return routes;
};
