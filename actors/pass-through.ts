/** Passing through at inner: a request that dmz names a route for goes to the service of that route, within its limits. */
import { isLeft, left, right } from 'fp-ts/lib/Either.js';
import type { Answered, Services } from '../domain/exchange.ts';
import {
  clientAnswer,
  comeAgain,
  hasBody,
  isWithin,
  noBody,
  objectionTo,
  problemAnswer,
  serviceRequest,
} from '../domain/exchange-rules.ts';
import { refusal } from '../domain/failure.ts';
import type { PeerHandlers } from '../domain/message.ts';
import { leadsHome } from '../domain/plain-path.ts';
import type { Clock, Log } from '../domain/ports.ts';
import type { RouteSettings } from '../domain/route.ts';
import { type Ending, watching } from './exchange-watch.ts';

/** What it rests on. */
export type PassThroughNeeds = {
  readonly routes: () => readonly RouteSettings[];
  readonly services: Services;
  readonly clock: Clock;
  readonly log: Log;
};

/** Answers dmz's requests for routes. Looks at all that dmz should have looked at: dmz may be in other hands. */
export const passingThrough = ({ routes, services, clock, log }: PassThroughNeeds): PeerHandlers['through'] => {
  const running = new Map<string, number>();
  return async (from, request, body, gone) => {
    const route = routes().find(({ id }) => id === request.route);
    if (route === undefined) return left(refusal('notFound', `there is no route ${request.route}`));
    const { id, callers } = route;
    const { channel } = request.client;
    if (callers !== 'everybody' && (channel === undefined || !callers.includes(channel)))
      return left(refusal('notPermitted', `route ${id} is not for this caller`));
    if (!isWithin(request.target)) return right(problemAnswer(400, 'the path must not lead upwards'));
    if (route.path === '/' && leadsHome(request.target.replace(/\?.*/s, '')))
      return right(problemAnswer(400, '/c/ leads to the homes of channels'));
    const objection = objectionTo(route, request);
    if (objection !== undefined) return right(objection);
    if (gone.aborted) return left(refusal('unavailable', 'nobody waits for it'));
    const here = running.get(id) ?? 0;
    if (here >= route.maxConcurrent) return right(comeAgain(503, 1, 'too many requests at once'));
    running.set(id, here + 1);
    const watch = watching(clock, route, gone);
    gone.addEventListener('abort', () => running.set(id, (running.get(id) ?? 1) - 1), { once: true });
    const failed = (text: string): Answered => {
      log.warn('a service did not answer', { route: id, from: from.node, why: text });
      return unanswered(watch.why());
    };
    const passed = request.length === 0 ? noBody : watch.request(body, request.length);
    if (request.length === 0) watch.asked();
    const answer = await services.call(serviceRequest(route, request), passed, watch.over)();
    if (isLeft(answer)) return right(failed(answer.left.text));
    const { head, body: bytes } = answer.right;
    if ((head.length ?? 0) > route.maxAnswer && hasBody(request.method, head.status)) {
      watch.end();
      return right(failed(`its answer has ${head.length ?? 0} bytes, and maxAnswer is ${route.maxAnswer}`));
    }
    return right({ head: clientAnswer(route, head), body: watch.answer(bytes) });
  };
};

/** Why there is no answer of the service. */
export const unanswered = (why: Ending | undefined): Answered =>
  why === 'late' || why === 'idle' || why === 'long'
    ? problemAnswer(504, 'the service did not answer in time')
    : problemAnswer(502, 'the service could not be reached, or gave no answer that can be passed on');
