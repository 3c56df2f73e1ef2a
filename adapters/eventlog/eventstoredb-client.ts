/**
 * The EventStoreDB client of the vendor, as this log uses it. The only module that leans on its insides, which is why the
 * version is pinned; the wire suite guards them.
 */
import { EventStoreDBClient } from '@eventstore/db-client';

export type EventStoreClient = EventStoreDBClient;

type Channel = { close(): void };
type Insides = {
  supports: () => Promise<boolean>;
  createChannel: () => Promise<Channel>;
  getGRPCClient: (...of: unknown[]) => Promise<unknown>;
  readonly capabilities: Promise<{ readonly serverVersion: string }>;
};

/** A connection that is given up stays open for so long: a call that has just got it would otherwise throw where nobody can catch it. */
const closeAfter = 1_000;
const closers = new WeakMap<EventStoreClient, () => void>();

/**
 * Opens a client; nothing is connected yet. Its batch appends share their answers with every client of the process, have
 * no time limit, and fail for ever after one failed look at the server's features: so each append is a call of its own.
 */
export const openClient = (connectionString: string): EventStoreClient => {
  const client = EventStoreDBClient.connectionString(apart(connectionString));
  const insides = client as unknown as Insides;
  const { createChannel, getGRPCClient } = insides;
  const open = new Set<Channel>();
  let closed = false;
  insides.supports = () => Promise.resolve(false);
  insides.getGRPCClient = (...of) =>
    closed ? Promise.reject(new Error('Channel closed before call started')) : getGRPCClient(...of);
  insides.createChannel = async () => {
    const channel = await createChannel();
    const close = channel.close.bind(channel);
    channel.close = () => {
      if (open.delete(channel)) setTimeout(close, closeAfter).unref();
    };
    open.add(channel);
    if (closed) channel.close();
    return channel;
  };
  closers.set(client, () => {
    closed = true;
    for (const channel of open) channel.close();
  });
  return client;
};

const keepAlive = /([?&])keepAliveTimeout=(\d+)/;
let opened = 0;

/**
 * Connections with the same settings are shared in this process, and with them the wait after a failure, which grows to
 * two minutes: a fresh client shall try at once. So their settings differ, by milliseconds of a time-out.
 */
const apart = (connectionString: string): string => {
  opened = (opened + 1) % 1_000;
  const timeout = Number(keepAlive.exec(connectionString)?.[2] ?? 10_000) + opened;
  const rest = connectionString
    .replace(keepAlive, '$1')
    .replace(/[?&]+$/, '')
    .replace(/([?&])&+/, '$1');
  return `${rest}${rest.includes('?') ? '&' : '?'}keepAliveTimeout=${timeout}`;
};

/** Gives the client's connection up: calls that are under way may end, no more are made. Its own `dispose` leaves it open. */
export const closeClient = (client: EventStoreClient): void => closers.get(client)?.();

/** The server's version, or `unknown` where it is too old to say. */
export const serverVersion = async (client: EventStoreClient): Promise<string> =>
  (await (client as unknown as Insides).capabilities).serverVersion;
