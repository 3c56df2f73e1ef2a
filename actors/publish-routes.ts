/** Inner tells every dmz its routes: when a link comes up, and when they have changed. */
import { isLeft } from 'fp-ts/lib/Either.js';
import type { Messages } from '../domain/message.ts';
import type { Clock, Log } from '../domain/ports.ts';
import { type RouteSettings, shownRoute } from '../domain/route.ts';

/** What it rests on. */
export type RoutePublishing = {
  readonly messages: Pick<Messages, 'links' | 'onLink' | 'routes'>;
  readonly routes: () => readonly RouteSettings[];
  readonly clock: Clock;
  readonly log: Log;
};

const retryAfter = 5_000;

/** Begins; `publish` answers once every dmz that is there was told. */
export const publishingRoutes = ({ messages, routes, clock, log }: RoutePublishing) => {
  let stopped = false;
  const tell = async (node: string): Promise<void> => {
    if (stopped || !messages.links().some((link) => link.node === node && link.up)) return;
    const told = await messages.routes(node, routes().map(shownRoute))();
    if (!isLeft(told)) return;
    if (told.left.lasting === 'permanent') log.alarm('dmz refuses the routes', { peer: node, why: told.left.text });
    else clock.after(retryAfter, () => void tell(node));
  };
  const unsubscribe = messages.onLink((link) => link.up && void tell(link.node));
  return {
    publish: async (): Promise<void> => {
      await Promise.all(messages.links().map((link) => tell(link.node)));
    },
    stop: (): void => {
      stopped = true;
      unsubscribe();
    },
  };
};
