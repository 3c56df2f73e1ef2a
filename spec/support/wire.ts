/** A TCP wire to a local port: it counts, and can be held, cut and frozen. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export type Wire = {
  readonly port: number;
  /** Bytes that came back from the server so far; of a wire that counts `forth`, those that went there. */
  readonly carried: () => number;
  /** Connections that are open now. */
  readonly open: () => number;
  /** Ends every connection. */
  readonly cut: () => void;
  /** Lets no byte pass any more, and ends nothing. */
  readonly freeze: () => void;
  /** Resolves as soon as so many bytes were counted, and lets no more pass: on these connections, until they are cut. */
  readonly holdAt: (bytes: number) => Promise<void>;
  /** Ends the connection once so many bytes went to the server, this once. */
  readonly cutAfter: (bytes: number) => void;
  /** Ends the connection instead of letting an answer through in which the server says this, this once. */
  readonly cutAt: (words: string) => void;
  /** How often one of these two came about. */
  readonly cuts: () => number;
  readonly close: () => Promise<void>;
};

/** Where a wire begins (any free port unless said otherwise), where it ends, and which way it counts and can be held. */
type WireOptions = {
  readonly port?: number;
  readonly host?: string;
  readonly from?: string;
  readonly counts?: 'back' | 'forth';
};

/** Makes a wire to a port, from 127.0.0.1 unless said otherwise. */
export const wireTo = async (target: number, options: WireOptions = {}): Promise<Wire> => {
  const { port = 0, host = '127.0.0.1', from: own = '127.0.0.1', counts = 'back' } = options;
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
    const cutOnce = (): false => {
      [cuts, toSend, fatal] = [cuts + 1, Number.POSITIVE_INFINITY, undefined];
      from.destroy();
      to.destroy();
      return false;
    };
    const isCut = (forth: boolean, bytes: Buffer): boolean => {
      if (forth) toSend -= bytes.length;
      return forth ? toSend < 0 : fatal !== undefined && bytes.includes(fatal);
    };
    const count = (socket: Socket, bytes: Buffer): boolean => {
      carried += bytes.length;
      if (carried < most) return true;
      socket.pause();
      reached();
      return false;
    };
    pass(from, to, (bytes) => (isCut(true, bytes) ? cutOnce() : counts === 'back' || count(from, bytes)));
    pass(to, from, (bytes) => (isCut(false, bytes) ? cutOnce() : counts === 'forth' || count(to, bytes)));
  });
  const pass = (from: Socket, to: Socket, may: (bytes: Buffer) => boolean): void => {
    from.on('data', (bytes) => {
      if (frozen || !may(bytes) || to.write(bytes)) return;
      from.pause();
      to.once('drain', () => from.resume());
    });
  };
  server.listen(port, own);
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
