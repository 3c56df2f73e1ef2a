/** Several nodes of one cluster: one leads, the others send writers to it; all show the same events. */
import { type EventStore, type EventStoreOptions, startEventStore } from './index.ts';

export type Cluster = {
  readonly nodes: readonly EventStore[];
  /** All nodes, for discovery. */
  readonly url: string;
  /** Makes another node the leader. */
  readonly elect: (leader: number) => void;
  readonly close: () => Promise<void>;
};

/** Starts a cluster of so many nodes; the first leads. */
export const startCluster = async (size: number, options: EventStoreOptions = {}): Promise<Cluster> => {
  const first = await startEventStore(options);
  const others = Array.from({ length: size - 1 }, () => startEventStore({ ...options, of: first }));
  const nodes = [first, ...(await Promise.all(others))];
  const endpoints = nodes.map(({ port }) => ({ host: '127.0.0.1', port }));
  const elect = (leader: number): void => {
    const members = endpoints.map((endpoint, index) => ({ ...endpoint, leader: index === leader, alive: true }));
    nodes.forEach((node, index) => {
      node.setMembers(members);
      node.faults.notLeader(index === leader ? 'none' : (endpoints[leader] ?? 'unknown'));
    });
  };
  elect(0);
  return {
    nodes,
    url: `esdb://${endpoints.map(({ host, port }) => `${host}:${port}`).join(',')}?tls=${options.tls !== undefined}`,
    elect,
    close: async () => {
      for (const node of [...nodes].reverse()) await node.close();
    },
  };
};
