/** Signing in: the hello on a fresh connection, said or awaited, before it belongs to a link. */
import type { TLSSocket } from 'node:tls';
import { isLeft, right } from 'fp-ts/lib/Either.js';
import type { Peer, PeerHandlers } from '../../domain/message.ts';
import type { Clock, Log } from '../../domain/ports.ts';
import { answer } from './answer.ts';
import { ask } from './ask.ts';
import { type Answering, type Asking, answering, asking, type Connection } from './connection.ts';
import { failing, failureOf } from './failures.ts';
import { decodeHello, encodeHello, type Hello, type Lane } from './hello.ts';
import { limits } from './limits.ts';

/** What signing in needs of the server. */
export type Greeter = {
  readonly own: Omit<Hello, 'lane'>;
  readonly handlers: PeerHandlers;
  readonly maxMessageSize: number;
  readonly log: Log;
  readonly clock: Clock;
  /** Told of every connection at once, so that closing ends those that have not signed in, too. */
  readonly track: (connection: Connection) => void;
};

/** Says hello as the HTTP/2 client; rejects, the connection ended, where the peer refuses or answers as somebody else. */
export const sayHello = async (greeter: Greeter, socket: TLSSocket, peer: Peer, lane: Lane): Promise<Asking> => {
  const { clock, maxMessageSize } = greeter;
  const connection = asking(socket, peer, maxMessageSize, clock);
  greeter.track(connection);
  try {
    const reply = await ask(connection, '/hello', encodeHello({ ...greeter.own, lane }), {
      most: limits.hellos,
      milliseconds: limits.hello,
      clock,
    });
    if (reply.status !== 200) throw failing(failureOf(peer.node, reply));
    const said = decodeHello(reply.body, peer);
    if (isLeft(said)) throw new Error(said.left.text);
    return connection;
  } catch (error) {
    connection.destroy();
    throw error;
  }
};

/** Answers as the HTTP/2 server; calls `greeted` with the lane once the peer has said a good hello, `refused` on a bad one. */
export const awaitHello = (
  greeter: Greeter,
  socket: TLSSocket,
  peer: Peer,
  on: { readonly greeted: (lane: Lane, connection: Answering) => void; readonly refused: (why: string) => void },
): Answering => {
  const connection = answering(socket, peer, greeter.maxMessageSize, greeter.clock);
  greeter.track(connection);
  answer(connection, {
    ...greeter,
    hello: (body) => {
      const said = decodeHello(body, peer);
      if (isLeft(said)) {
        on.refused(said.left.text);
        void connection.close();
        return said;
      }
      on.greeted(said.right.lane, connection);
      return right(encodeHello({ ...greeter.own, lane: said.right.lane }));
    },
  });
  return connection;
};
