import { randomUUID } from 'node:crypto';
import { eventStoreDb } from '../../../adapters/eventlog/eventstoredb.ts';
import { systemClock } from '../../../adapters/shared/clock.ts';
import { eventLogContract } from '../../contracts/event-log.ts';
import { startEventStore } from '../../support/eventstore/index.ts';
import { silent } from '../../support/silent.ts';

eventLogContract(
  'EventStoreDB, wire',
  async () => {
    const server = await startEventStore();
    const prefix = `test.${randomUUID().replaceAll('-', '')}.`;
    const open = () => eventStoreDb({ connectionString: server.url, prefix, clock: systemClock(), log: silent });
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
        await server.close();
      },
    };
  },
  { refusesKnownIds: false },
);
