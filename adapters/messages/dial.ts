/** Opening a connection to a peer, and keeping it open. */
import { type TLSSocket, connect as tlsConnect } from 'node:tls';
import type { Either } from 'fp-ts/lib/Either.js';
import type { Peer } from '../../domain/message.ts';
import type { Clock, Log } from '../../domain/ports.ts';
import { backoff } from '../shared/backoff.ts';
import { pause } from '../shared/pause.ts';
import type { Connection } from './connection.ts';
import { wordsOf } from './failures.ts';
import { limits } from './limits.ts';
import { type OwnKeys, tlsOptions } from './tls.ts';

/** One connection to a peer, its certificate checked; rejects with a sentence that says why not. */
export const dial = (options: {
  readonly host: string;
  readonly port: number;
  readonly own: OwnKeys;
  readonly protocol: string;
  readonly identify: (socket: TLSSocket) => Either<string, Peer>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}): Promise<{ readonly socket: TLSSocket; readonly peer: Peer }> =>
  new Promise((resolve, reject) => {
    const { host, port, protocol, signal } = options;
    const socket = tlsConnect({
      ...tlsOptions(options.own),
      host,
      port,
      ALPNProtocols: [protocol],
      // identify() knows the peer by its fingerprint, wherever it is
      checkServerIdentity: () => undefined,
    });
    socket.setNoDelay(true);
    const end = (why: string): void => {
      settle();
      socket.destroy();
      reject(new Error(why));
    };
    const aborted = (): void => end('closing');
    const cancel = options.clock.after(limits.handshake, () =>
      end(`no answer within ${limits.handshake / 1000} s; see host and port of the peer, and firewalls between`),
    );
    const settle = (): void => {
      cancel();
      signal.removeEventListener('abort', aborted);
    };
    if (signal.aborted) {
      aborted();
      return;
    }
    signal.addEventListener('abort', aborted);
    socket.on('error', (error) => end(wordsOf(error)));
    socket.once('close', () => end('it hung up before the TLS handshake'));
    socket.once('secureConnect', () => {
      const peer = options.identify(socket);
      if (peer._tag === 'Left') end(peer.left);
      else if (socket.alpnProtocol !== protocol) end(`it does not speak ${protocol}`);
      else {
        settle();
        socket.removeAllListeners('close');
        resolve({ socket, peer: peer.right });
      }
    });
  });

/** Keeps a link's connections open: all of them or none, with back-off between tries, until the signal aborts. */
export const keepOpen = async (options: {
  readonly name: string;
  readonly connects: readonly ((signal: AbortSignal) => Promise<Connection>)[];
  readonly log: Log;
  readonly clock: Clock;
  readonly random: () => number;
  readonly signal: AbortSignal;
}): Promise<void> => {
  const { name, log, signal } = options;
  const wait = backoff({ ...limits.backoff, random: options.random });
  const stopped = (): boolean => signal.aborted;
  let told = '';
  while (!stopped()) {
    const open: Connection[] = [];
    try {
      for (const connect of options.connects) open.push(await connect(signal));
      wait.reset();
      told = '';
      await Promise.race(open.map((connection) => connection.closed));
    } catch (error) {
      const why = wordsOf(error);
      // a peer that is away for a night is one line, not thousands
      if (why !== told && !stopped()) log.warn(`message service: no link to ${name}: ${why}`, { why });
      told = why;
    }
    if (stopped()) return;
    for (const connection of open) connection.destroy();
    await pause(options.clock, wait.next(), signal);
  }
};
