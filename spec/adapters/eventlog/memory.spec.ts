import type { StoredEvent } from '../../../adapters/eventlog/protocol.ts';
import { eventLogContract } from '../../contracts/event-log.ts';
import { memoryEventLog } from '../../support/memory-event-log.ts';

eventLogContract(
  'contract: in memory',
  () => {
    const events: StoredEvent[] = [];
    const kept = new Map<string, bigint>();
    const log = memoryEventLog(events, kept);
    const reopen = async () => {
      await log.close();
      return memoryEventLog(events, kept);
    };
    return Promise.resolve({ log, reopen, dispose: () => log.close() });
  },
  { refusesKnownIds: true },
);
