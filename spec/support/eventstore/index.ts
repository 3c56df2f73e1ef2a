/** A small server of ours that speaks EventStoreDB's protocol, for tests with the real client: it is not EventStoreDB. */
import { once } from 'node:events';
import { createServer, type Socket, type Server as TcpServer } from 'node:net';
import { GossipService } from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import { ServerFeaturesService } from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import { StreamsService } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { classicAppend } from './append.ts';
import { batchAppend } from './batch.ts';
import { readGossip, supportedMethods } from './cluster.ts';
import { deleteStream, tombstoneStream } from './delete.ts';
import { createFaults, type Faults } from './faults.ts';
import type { Member, Node, Users } from './node.ts';
import { read } from './read.ts';
import { openStore, type Store } from './store.ts';
import { createWriter, seed, type Writer } from './writes.ts';

export type EventStoreOptions = {
  /** Where its events are kept; in memory where there is none. */
  readonly directory?: string;
  /** The address that it listens on; 127.0.0.1 by default. */
  readonly host?: string;
  /** Its port there; any free one by default. */
  readonly port?: number;
  /** PEM texts. */
  readonly tls?: { readonly certificate: string; readonly key: string };
  readonly users?: Users;
  /** Whether it offers appends in batches (default: yes); without, the client appends one by one. */
  readonly batches?: boolean;
  /** The node of its cluster whose events it shows; without, it has its own. */
  readonly of?: EventStore;
  readonly now?: () => number;
};

export type EventStore = {
  readonly port: number;
  /** For the client; with TLS the file of the CA must be added to it. */
  readonly url: string;
  readonly faults: Faults;
  readonly kept: Kept;
  /** Breaks all connections. */
  readonly cut: () => void;
  /** Ends with all connections broken and begins anew on the same port; what was kept in memory stays. */
  readonly restart: (downFor?: () => Promise<void>) => Promise<void>;
  /** Says who is in the cluster; alone it is the leader of itself. */
  readonly setMembers: (members: readonly Member[]) => void;
  readonly close: () => Promise<void>;
};

/** What a node keeps, and how it is written; `reopen` and `close` act on what is on disk. */
export type Kept = {
  readonly store: () => Store;
  readonly writer: Writer;
  readonly reopen: () => void;
  readonly close: () => void;
};

const keep = ({ directory, now = Date.now }: EventStoreOptions): Kept => {
  let store = openStore(directory, now);
  seed(store);
  return {
    store: () => store,
    writer: createWriter(() => store),
    reopen: () => {
      if (directory === undefined) return;
      store.close();
      store = openStore(directory, now);
    },
    close: () => store.close(),
  };
};

const megabytes17 = 17 * 1024 * 1024;

const serve = (node: Node, tls: EventStoreOptions['tls']) => {
  const server = new Server({ 'grpc.max_receive_message_length': megabytes17 });
  server.addService(StreamsService, {
    append: classicAppend(node),
    batchAppend: batchAppend(node),
    read: read(node),
    delete: deleteStream(node),
    tombstone: tombstoneStream(node),
  });
  server.addService(ServerFeaturesService, { getSupportedMethods: supportedMethods(node) });
  server.addService(GossipService, { read: readGossip(node) });
  const credentials =
    tls === undefined
      ? ServerCredentials.createInsecure()
      : ServerCredentials.createSsl(null, [
          { cert_chain: Buffer.from(tls.certificate), private_key: Buffer.from(tls.key) },
        ]);
  return { server, injector: server.createConnectionInjector(credentials) };
};

/** Starts a wire server. */
export const startEventStore = async (options: EventStoreOptions = {}): Promise<EventStore> => {
  const now = options.now ?? Date.now;
  const faults = createFaults();
  const kept = options.of?.kept ?? keep(options);
  let members: readonly Member[] | undefined;
  const { host = '127.0.0.1' } = options;
  let port = options.port ?? 0;
  const sockets = new Set<Socket>();
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const node: Node = {
    store: kept.store,
    writer: kept.writer,
    faults,
    members: () => members ?? [{ host, port, leader: true, alive: true }],
    users: options.users,
    batches: options.batches ?? true,
    now,
    cut,
  };
  const { server, injector } = serve(node, options.tls);
  let listener: TcpServer | undefined;
  const listen = async (): Promise<void> => {
    listener = createServer((socket) => {
      sockets.add(socket.on('error', () => undefined).on('close', () => sockets.delete(socket)));
      injector.injectConnection(socket);
    }).listen(port, host);
    await once(listener, 'listening');
    const address = listener.address();
    if (address !== null && typeof address === 'object') port = address.port;
  };
  const stop = async (): Promise<void> => {
    const closed = listener === undefined ? undefined : once(listener, 'close');
    listener?.close();
    cut();
    await closed;
  };
  await listen();
  return {
    port,
    url: `esdb://${host}:${port}?tls=${options.tls !== undefined}`,
    faults,
    kept,
    cut,
    restart: async (downFor) => {
      await stop();
      if (options.of === undefined) kept.reopen();
      await downFor?.();
      await listen();
    },
    setMembers: (all) => {
      members = all;
    },
    close: async () => {
      await stop();
      server.forceShutdown();
      if (options.of === undefined) kept.close();
    },
  };
};
