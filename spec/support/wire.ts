/** A TCP wire to a local port: it counts, and can be held, cut and frozen. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export type Wire = {
  readonly port: number;
  /** Bytes that came back from the server so far. */
  readonly carried: () => number;
  /** Connections that are open now. */
  readonly open: () => number;
  /** Ends every connection. */
  readonly cut: () => void;
  /** Lets no byte pass any more, and ends nothing. */
  readonly freeze: () => void;
  /** Resolves as soon as so many bytes came back, and lets no more pass: on these connections, until they are cut. */
  readonly holdAt: (bytes: number) => Promise<void>;
  /** Ends the connection once so many bytes went to the server, this once. */
  readonly cutAfter: (bytes: number) => void;
  /** Ends the connection instead of letting an answer through in which the server says this, this once. */
  readonly cutAt: (words: string) => void;
  /** How often one of these two came about. */
  readonly cuts: () => number;
  readonly close: () => Promise<void>;
};

/** Makes a wire; it listens at any free port of 127.0.0.1 unless told where. */
export const wireTo = async (
  target: number,
  host = '127.0.0.1',
  at: { readonly host: string; readonly port: number } = { host: '127.0.0.1', port: 0 },
): Promise<Wire> => {
  const sockets = new Set<Socket>();
  let [carried, most] = [0, Number.POSITIVE_INFINITY];
  let [frozen, reached] = [false, (): void => undefined];
  let [cuts, toSend, fatal] = [0, Number.POSITIVE_INFINITY, undefined as string | undefined];
  const server = createServer((from) => {
    const to = connect(target, host);
    for (const [socket, other] of [[from, to] as const, [to, from] as const]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      socket.once('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    const cutOnce = (): void => {
      [cuts, toSend, fatal] = [cuts + 1, Number.POSITIVE_INFINITY, undefined];
      from.destroy();
      to.destroy();
    };
    from.on('data', (bytes) => {
      toSend -= bytes.length;
      if (toSend < 0) cutOnce();
      else if (!frozen) to.write(bytes);
    });
    to.on('data', (bytes) => {
      if (frozen) return;
      if (fatal !== undefined && bytes.includes(fatal)) {
        cutOnce();
        return;
      }
      carried += bytes.length;
      if (carried >= most) {
        to.pause();
        reached();
      } else if (!from.write(bytes)) {
        to.pause();
        from.once('drain', () => to.resume());
      }
    });
  });
  server.listen(at.port, at.host);
  await once(server, 'listening');
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    carried: () => carried,
    open: () => sockets.size / 2,
    cut,
    freeze: () => {
      frozen = true;
    },
    holdAt: (bytes) =>
      new Promise((resolve) => {
        most = bytes;
        reached = resolve;
      }),
    cutAfter: (bytes) => {
      toSend = bytes;
    },
    cutAt: (words) => {
      fatal = words;
    },
    cuts: () => cuts,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      cut();
      await closed;
    },
  };
};
