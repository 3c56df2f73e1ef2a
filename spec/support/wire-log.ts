/** The event log over the wire server, for one test. */
import { randomUUID } from 'node:crypto';
import { onTestFinished } from 'vitest';
import { eventStoreDb } from '../../adapters/eventlog/eventstoredb.ts';
import type { Patience } from '../../adapters/eventlog/eventstoredb-calls.ts';
import { systemClock } from '../../adapters/shared/clock.ts';
import type { EventLog, Log } from '../../domain/ports.ts';
import { type EventStoreOptions, startEventStore } from './eventstore/index.ts';
import { silent } from './silent.ts';

/** Short tries, and many: what is never answered is soon tried again. */
export const stubborn: Patience = { tryFor: 1_000, goOnFor: 120_000, absentFor: 120_000 };
/** Long tries, and few: what is answered with a temporary error is soon given up. */
export const resigned: Patience = { tryFor: 20_000, goOnFor: 1_000, absentFor: 1_000 };

/** Enough even for a slow machine. */
const ample: Patience = { tryFor: 20_000, goOnFor: 60_000, absentFor: 60_000 };

/** Opens a log at a connection string until the test is over. */
export const wireLog = (connectionString: string, more: { prefix?: string; log?: Log; patience?: Patience } = {}) => {
  const options = {
    connectionString,
    prefix: `test.${randomUUID().replaceAll('-', '')}.`,
    log: silent,
    patience: ample,
  };
  const opened: EventLog = eventStoreDb({ ...options, ...more, clock: systemClock() });
  onTestFinished(() => opened.close());
  return opened;
};

/** Starts a wire server and opens a log there until the test is over. */
export const servedLog = async (more: Parameters<typeof wireLog>[1] = {}, options: EventStoreOptions = {}) => {
  const server = await startEventStore(options);
  onTestFinished(() => server.close());
  return { server, log: wireLog(server.url, more) };
};
