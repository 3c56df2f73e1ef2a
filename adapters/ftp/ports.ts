/** The ports on which clients open their data connections. */
import { randomInt } from 'node:crypto';
import { createServer, type Server } from 'node:net';

/** A server on a port of the range; `close` frees the port for the next one, whatever still runs over it. */
export type Opened = { readonly server: Server; readonly port: number; readonly close: () => void };

/** The ports of one endpoint. */
export type PortPool = {
  /** Listens on a free port; undefined where none is free. */
  readonly open: (host: string) => Promise<Opened | undefined>;
};

/** More tries only cost time: whoever has taken so many ports in a row has taken them all. */
const mostTries = 2000;

/** Hands out the ports in turn, from a random one on. Trying to listen is the only test of a port that is no race. */
export const portPool = ([from, to]: readonly [number, number]): PortPool => {
  const count = to - from + 1;
  const used = new Set<number>();
  let next = randomInt(count);
  return {
    open: async (host) => {
      for (let tries = 0; tries < Math.min(count, mostTries); tries += 1) {
        const port = from + next;
        next = (next + 1) % count;
        if (used.has(port)) continue;
        used.add(port);
        const server = createServer({ pauseOnConnect: true, noDelay: true });
        const listens = await listen(server, host, port);
        if (listens) {
          const close = (): void => {
            if (!server.listening) return;
            server.close();
            used.delete(port);
          };
          return { server, port, close };
        }
        used.delete(port);
      }
      return undefined;
    },
  };
};

const listen = (server: Server, host: string, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen({ host, port, backlog: 4, exclusive: true }, () => {
      server.removeAllListeners('error');
      resolve(true);
    });
  });
