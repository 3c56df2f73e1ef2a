/** Where the event logs of a pair of servers are: each its own, embedded, or both on one wire server. */
import { join } from 'node:path';
import { type EventStoreProcess, startEventStoreProcess } from './eventstore/process.ts';
import { freePort } from './free-port.ts';

/** A kind of event log. */
export type LogKind = 'embedded' | 'wire';

/** The one switch: `SALLYPORT_EVENT_LOG=wire` puts every pair that does not say otherwise on a wire server of its own. */
export const chosenLog = (): LogKind => {
  const { SALLYPORT_EVENT_LOG: chosen = 'embedded' } = process.env;
  if (chosen !== 'embedded' && chosen !== 'wire')
    throw new Error(`SALLYPORT_EVENT_LOG is "${chosen}"; write embedded or wire`);
  return chosen;
};

/** A wire server as a process, with its events on disk: it has them when it is started again, on the same port. */
export type PairStore = {
  readonly url: string;
  start(): Promise<void>;
  /** SIGKILL, and waits for the death. */
  kill(): Promise<void>;
};

/** A store that keeps its events within the directory of a pair; it is not started yet. */
export const pairStore = async (directory: string, host: string): Promise<PairStore> => {
  const port = await freePort();
  let running: EventStoreProcess | undefined;
  return {
    url: `esdb://${host}:${port}?tls=false`,
    start: async () => {
      running = await startEventStoreProcess(join(directory, 'store'), { host, port });
    },
    kill: async () => running?.kill(),
  };
};
