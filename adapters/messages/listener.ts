/** The listening port: lets certified peers in, and says in one line each whom it did not let in, and why. */
import type { AddressInfo, Socket } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import type { Either } from 'fp-ts/lib/Either.js';
import { permanent } from '../../domain/failure.ts';
import type { Peer } from '../../domain/message.ts';
import type { Clock, Log } from '../../domain/ports.ts';
import { failing, wordsOf } from './failures.ts';
import { limits } from './limits.ts';
import { type OwnKeys, tlsOptions } from './tls.ts';

/** A connection whose certificate was good; it must say hello next. */
export type Caller = {
  readonly socket: TLSSocket;
  readonly peer: Peer;
  readonly protocol: string;
  readonly admit: () => void;
  /** Why it will not be let in; the line is written once it is gone. */
  readonly blame: (why: string) => void;
};

type HalfOpen = { readonly raw: Socket; readonly address: string; why: string; cancel: () => void };

const words: Readonly<Record<string, string>> = {
  ERR_SSL_HTTP_REQUEST: 'it speaks plain HTTP instead of TLS',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'it does not speak TLS',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'it does not speak TLS 1.3',
  ERR_SSL_NO_APPLICATION_PROTOCOL: 'it asks for a protocol that is not spoken here',
};

const placeOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress ?? 'unknown'}:${remotePort ?? 0}`;

/** Listens; every certified caller goes to `accept`. Answers when the port is bound, with a way to close it. */
export const listen = (options: {
  readonly host: string;
  readonly port: number;
  readonly own: OwnKeys;
  readonly protocols: readonly string[];
  readonly identify: (socket: TLSSocket) => Either<string, Peer>;
  readonly accept: (caller: Caller) => void;
  readonly log: Log;
  readonly clock: Clock;
}): Promise<{ readonly port: number; close(): Promise<void> }> => {
  const { host, port, log, clock } = options;
  const halfOpen = new Map<string, HalfOpen>();
  let full = false;
  // the deadline for a handshake is ours; Node's must only not come first
  const server = createServer({
    ...tlsOptions(options.own),
    ALPNProtocols: [...options.protocols],
    handshakeTimeout: 2 * limits.handshake,
    noDelay: true,
  });

  const expect = (entry: HalfOpen, what: string, milliseconds: number): void => {
    entry.cancel();
    entry.cancel = clock.after(milliseconds, () => {
      entry.why = `no ${what} within ${milliseconds / 1000} s`;
      entry.raw.destroy();
    });
  };

  server.prependListener('connection', (raw: Socket) => {
    const address = placeOf(raw);
    if (halfOpen.size >= limits.halfOpen) {
      // one line for a flood, not one a connection
      if (!full) log.warn(`message service: ${halfOpen.size} connections wait for their handshake; more are dropped`);
      full = true;
      raw.destroy();
      return;
    }
    const entry: HalfOpen = { raw, address, why: 'it hung up before the TLS handshake', cancel: () => undefined };
    halfOpen.set(address, entry);
    expect(entry, 'TLS handshake', limits.handshake);
    raw.once('close', () => {
      entry.cancel();
      if (halfOpen.get(address) !== entry) return;
      halfOpen.delete(address);
      full = full && halfOpen.size > limits.halfOpen / 2;
      if (server.listening) log.warn(`message service: refused ${address}: ${entry.why}`, { address, why: entry.why });
    });
  });

  server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
    const entry = halfOpen.get(placeOf(socket));
    if (entry === undefined) return;
    const code = error.code ?? 'unknown';
    if (code !== 'ECONNRESET') entry.why = words[code] ?? `the TLS handshake failed (${code})`;
    entry.raw.destroy();
  });

  server.on('secureConnection', (socket) => {
    const entry = halfOpen.get(placeOf(socket));
    // 'close' follows every error, and tells
    socket.on('error', () => undefined);
    if (entry === undefined) {
      socket.destroy();
      return;
    }
    const refuse = (why: string): void => {
      entry.why = why;
      socket.destroy();
    };
    const peer = options.identify(socket);
    if (peer._tag === 'Left') {
      refuse(peer.left);
      return;
    }
    const protocol = socket.alpnProtocol || '';
    if (!options.protocols.includes(protocol)) {
      refuse('it asks for no protocol that is spoken here');
      return;
    }
    entry.why = `${peer.right.node} hung up before its hello`;
    expect(entry, 'hello', limits.hello);
    const blame = (why: string): void => {
      entry.why = why;
    };
    const admit = (): void => {
      entry.cancel();
      halfOpen.delete(entry.address);
    };
    options.accept({ socket, peer: peer.right, protocol, admit, blame });
  });

  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      const where = `${host}:${port}`;
      reject(
        failing(
          permanent('listen', `Cannot listen on ${where} (${wordsOf(error)}); see messageService.host and port.`),
        ),
      );
    });
    server.listen({ host, port }, () => {
      server.on('error', (error) => log.error(`message service: ${wordsOf(error)}`));
      resolve({
        port: (server.address() as AddressInfo).port,
        close: () =>
          new Promise((closed) => {
            server.close(() => closed());
            for (const { raw } of halfOpen.values()) raw.destroy();
          }),
      });
    });
  });
};
