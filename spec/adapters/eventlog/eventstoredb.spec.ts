import { randomUUID } from 'node:crypto';
import { describe, it } from 'vitest';
import { eventStoreDb } from '../../../adapters/eventlog/eventstoredb.ts';
import { systemClock } from '../../../adapters/shared/clock.ts';
import { eventLogContract } from '../../contracts/event-log.ts';
import { startEventStore } from '../../support/eventstore/index.ts';
import { silent } from '../../support/silent.ts';

/** A log of its own each time, so that nothing needs to be cleaned up. */
const opened = (connectionString: string, close: () => Promise<void>) => {
  const prefix = `test.${randomUUID().replaceAll('-', '')}.`;
  const open = () => eventStoreDb({ connectionString, prefix, clock: systemClock(), log: silent });
  let log = open();
  return {
    log,
    reopen: async () => {
      await log.close();
      log = open();
      return log;
    },
    dispose: async () => {
      await log.close();
      await close();
    },
  };
};
const traits = { refusesKnownIds: false };

eventLogContract(
  'wire: the real client, our server',
  async () => {
    const server = await startEventStore();
    return opened(server.url, () => server.close());
  },
  traits,
);

const url = process.env.EVENTSTORE_URL;
if (url === undefined)
  describe('an event log (real server: EventStoreDB)', () => {
    it.skip('is not tried, because EVENTSTORE_URL is not set', () => undefined);
  });
else eventLogContract('real server: EventStoreDB', () => Promise.resolve(opened(url, () => Promise.resolve())), traits);
