/** What the specs of the wire server share: servers and clients that end with the test, and events. */
import { EventStoreDBClient, type JSONEventType, jsonEvent } from '@eventstore/db-client';
import { onTestFinished } from 'vitest';
import { type EventStore, type EventStoreOptions, startEventStore } from './index.ts';

/** A client of its own; it is disposed of when the test ends. */
export const connect = (url: string): EventStoreDBClient => {
  const client = EventStoreDBClient.connectionString(url);
  onTestFinished(() => client.dispose());
  return client;
};

/** A wire server, and a client of it. */
export const given = async (
  options: EventStoreOptions = {},
): Promise<{ readonly es: EventStore; readonly client: EventStoreDBClient }> => {
  const es = await startEventStore(options);
  onTestFinished(() => es.close());
  return { es, client: connect(es.url) };
};

type Counted = JSONEventType<'counted', { readonly n: number }>;
/** An event with a number in it. */
export const counted = (n: number, id?: string) =>
  jsonEvent<Counted>({ type: 'counted', data: { n }, ...(id === undefined ? {} : { id }) });

type Resolved = { readonly event?: { readonly data?: unknown } | undefined };
/** The number of an event, or undefined. */
export const numberOf = ({ event }: Resolved): number | undefined => (event?.data as { n?: number } | undefined)?.n;

/** The numbers of a read, to its end. */
export const numbers = async (read: AsyncIterable<Resolved>): Promise<readonly (number | undefined)[]> => {
  const found: (number | undefined)[] = [];
  for await (const each of read) found.push(numberOf(each));
  return found;
};

/** How a promise failed: the client's type of the error, or its code; `none` where it did not. */
export const failureOf = async (promise: Promise<unknown>): Promise<unknown> => {
  try {
    await promise;
    return 'none';
  } catch (error) {
    const { type, code } = error as { readonly type?: string; readonly code?: number };
    return type ?? code;
  }
};
