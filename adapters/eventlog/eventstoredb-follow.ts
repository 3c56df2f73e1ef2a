import type { Clock, Followed, Log, LoggedEvent, Position } from '../../domain/ports.ts';
import { backoff } from '../shared/backoff.ts';
import { pause } from '../shared/pause.ts';
import type { Calls } from './eventstoredb-calls.ts';
import { meaningOf, textOf } from './eventstoredb-errors.ts';
import { type Subscribed, subscribe } from './eventstoredb-subscription.ts';

const [firstWait, longestWait] = [100, 5_000];
const alarmAfter = 30_000;

/**
 * History and live as one, over as many subscriptions as it takes: each goes on after the last event that was given, so
 * nothing is lost and nothing comes twice. The mark comes once, when the first of them to get so far has caught up.
 */
export const followAll = async function* (
  {
    calls,
    prefix,
    silence,
    clock,
    log,
  }: {
    readonly calls: Calls;
    readonly prefix: string;
    readonly silence: number;
    readonly clock: Clock;
    readonly log: Log;
  },
  after: Position | undefined,
  signal: AbortSignal,
): AsyncGenerator<Followed, void, undefined> {
  const ended = AbortSignal.any([signal, calls.closed]);
  const waits = backoff({ first: firstWait, most: longestWait, random: Math.random });
  let last = after;
  let marked = false;
  const outage = watchOutage(clock, log);
  const over = (): boolean => ended.aborted;
  while (!over()) {
    const client = calls.client();
    const subscribed: Subscribed = subscribe(client, { prefix, after: last, silence, clock });
    ended.addEventListener('abort', subscribed.end);
    try {
      for (;;) {
        const item = await subscribed.next();
        if (over()) return;
        outage.over();
        waits.reset();
        if (item.kind === 'reached') last = later(last, item.position);
        else if (item.kind === 'events') {
          const events = item.events.filter(isAfter(last));
          last = events.at(-1)?.position ?? last;
          if (events.length > 0) yield { kind: 'events', events };
        } else if (!marked) {
          marked = true;
          yield { kind: 'caughtUp' };
        }
      }
    } catch (error) {
      if (over()) return;
      const meaning = meaningOf(error);
      if (meaning.kind === 'final' || meaning.renew !== 'no') calls.renew(client);
      outage.goesOn(textOf(error));
    } finally {
      ended.removeEventListener('abort', subscribed.end);
      subscribed.end();
    }
    await pause(clock, waits.next(), ended);
  }
};

/** An election or a restart is nothing to wake anybody for; a longer outage is. */
const watchOutage = (clock: Clock, log: Log) => {
  let since: number | undefined;
  let alarmed = false;
  return {
    goesOn: (why: string): void => {
      if (since === undefined) log.warn('the connection to the event log has broken', { why });
      since ??= clock.monotonic();
      if (alarmed || clock.monotonic() - since < alarmAfter) return;
      alarmed = true;
      log.alarm('the event log is away; nothing new is accepted until it is back', { why });
    },
    over: (): void => {
      if (since !== undefined) log.info('the event log is back');
      [since, alarmed] = [undefined, false];
    },
  };
};

const isAfter =
  (last: Position | undefined) =>
  (event: LoggedEvent): boolean =>
    last === undefined || event.position > last;

const later = (last: Position | undefined, position: Position): Position =>
  last !== undefined && last > position ? last : position;
