import type { StoredEvent } from '../../../adapters/eventlog/protocol.ts';
import { eventLogContract } from '../../contracts/event-log.ts';
import { memoryEventLog } from '../../support/memory-event-log.ts';

eventLogContract('in memory', () => {
  const events: StoredEvent[] = [];
  const log = memoryEventLog(events);
  const reopen = async () => {
    await log.close();
    return memoryEventLog(events);
  };
  return Promise.resolve({ log, reopen, dispose: () => log.close() });
});
