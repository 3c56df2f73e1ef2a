/**
 * The EventStoreDB client of the vendor, as this log uses it. The only module that leans on its insides, which is why the
 * version is pinned; the wire suite guards them.
 */
import { EventStoreDBClient } from '@eventstore/db-client';

export type EventStoreClient = EventStoreDBClient;

type Insides = {
  supports: () => Promise<boolean>;
  readonly getChannel: () => Promise<{ close(): void }>;
  readonly capabilities: Promise<{ readonly serverVersion: string }>;
};

/**
 * Opens a client; nothing is connected yet. Its batch appends share their answers with every client of the process, have
 * no time limit, and fail for ever after one failed look at the server's features: so each append is a call of its own.
 */
export const openClient = (connectionString: string): EventStoreClient => {
  const client = EventStoreDBClient.connectionString(connectionString);
  (client as unknown as Insides).supports = () => Promise.resolve(false);
  return client;
};

/** Closes the client's connection; calls that are under way may end. Its own `dispose` leaves the connection open. */
export const closeClient = (client: EventStoreClient): void => {
  const closing = (client as unknown as Insides).getChannel().then((channel) => channel.close());
  closing.catch(() => undefined);
};

/** The server's version, or `unknown` where it is too old to say. */
export const serverVersion = async (client: EventStoreClient): Promise<string> =>
  (await (client as unknown as Insides).capabilities).serverVersion;
