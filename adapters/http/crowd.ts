/** Who is connected, counted: no address may have so many connections that others find none. */
import type { Socket } from 'node:net';
import { plainAddress } from '../shared/plain-address.ts';

/** How many connections there may be at the same time, in all and of one address. */
export type CrowdLimits = { readonly maxConnections: number; readonly maxConnectionsPerAddress: number };

/** The connections that are open. */
export type Crowd = {
  /** Counts a connection until it closes; false where it is one too many. */
  readonly admit: (socket: Socket) => boolean;
  /** Ends all of them at once. */
  readonly end: () => void;
};

/** Makes it, empty. */
export const makeCrowd = ({ maxConnections, maxConnectionsPerAddress }: CrowdLimits): Crowd => {
  const sockets = new Set<Socket>();
  const present = new Map<string, number>();
  return {
    admit: (socket) => {
      const network = networkOf(plainAddress(socket.remoteAddress));
      const others = present.get(network) ?? 0;
      if (sockets.size >= maxConnections || others >= maxConnectionsPerAddress) return false;
      sockets.add(socket);
      present.set(network, others + 1);
      socket.once('close', () => {
        sockets.delete(socket);
        const rest = (present.get(network) ?? 1) - 1;
        if (rest > 0) present.set(network, rest);
        else present.delete(network);
      });
      return true;
    },
    end: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
};

/** Whoever has an IPv6 address has 2^64 of them: there, the network counts. */
export const networkOf = (address: string): string => {
  if (!address.includes(':')) return address;
  const [head = [], tail = []] = address.split('::').map((half) => half.split(':').filter((group) => group !== ''));
  const between = Array.from({ length: Math.max(0, 8 - head.length - tail.length) }, () => '0');
  return [...head, ...between, ...tail].slice(0, 4).join(':');
};
