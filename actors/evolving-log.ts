import * as TE from 'fp-ts/lib/TaskEither.js';
import { asPresent } from '../domain/evolution.ts';
import type { EventLog, LoggedEvent } from '../domain/ports.ts';

/** The log as this server's actors see it: whatever version an event was recorded in, it is read in its present form. */
export const evolvingLog = (log: EventLog): EventLog => ({
  append: (stream, events, options) => log.append(stream, events, options),
  readStream: (stream, options) => TE.map(present)(log.readStream(stream, options)),
  readAll: (options) => TE.map(present)(log.readAll(options)),
  follow: async function* (after, signal) {
    for await (const item of log.follow(after, signal))
      yield item.kind === 'events' ? { kind: 'events', events: present(item.events) } : item;
  },
  setRetention: (stream, retention) => log.setRetention(stream, retention),
  close: () => log.close(),
});

const present = (events: readonly LoggedEvent[]): readonly LoggedEvent[] => events.map((event) => asPresent(event));
