/** One HTTP/2 connection (RFC 9113) to a peer, from whichever side it was opened. */
import {
  type ClientHttp2Session,
  connect,
  type Http2Session,
  performServerHandshake,
  type ServerHttp2Session,
} from 'node:http2';
import type { TLSSocket } from 'node:tls';
import type { Peer } from '../../domain/message.ts';
import type { Clock } from '../../domain/ports.ts';
import { limits } from './limits.ts';

/** A connection on which we ask (`client`) or answer (`server`). It is dead, and closed, when no byte came for 10 s. */
export type Connection<S extends Http2Session = Http2Session> = {
  readonly peer: Peer;
  readonly session: S;
  /** Resolves when it is gone, whatever the reason. */
  readonly closed: Promise<void>;
  /** Takes no more requests; running ones have a moment to end. */
  close(): Promise<void>;
  destroy(): void;
};
export type Asking = Connection<ClientHttp2Session>;
export type Answering = Connection<ServerHttp2Session>;

const settings = {
  enablePush: false,
  initialWindowSize: limits.streamWindow,
  maxConcurrentStreams: limits.streams,
  maxHeaderListSize: 16_384,
};

/** Megabytes that a session may hold in buffers; the default of 10 fails new streams under load. */
const sessionMemory = (maxMessageSize: number): number => 64 + Math.ceil((4 * maxMessageSize) / 1e6);

/** Makes us the HTTP/2 client of a connected socket. */
export const asking = (socket: TLSSocket, peer: Peer, maxMessageSize: number, clock: Clock): Asking => {
  const session = connect(`https://${peer.node}`, {
    createConnection: () => socket,
    settings,
    maxSessionMemory: sessionMemory(maxMessageSize),
  });
  session.once('connect', () => session.setLocalWindowSize(limits.sessionWindow));
  // nothing may be pushed to us
  session.on('stream', (stream) => stream.destroy());
  return watched(socket, session, peer, clock);
};

/** Makes us the HTTP/2 server of a connected socket. */
export const answering = (socket: TLSSocket, peer: Peer, maxMessageSize: number, clock: Clock): Answering => {
  const session = performServerHandshake(socket, { settings, maxSessionMemory: sessionMemory(maxMessageSize) });
  session.setLocalWindowSize(limits.sessionWindow);
  return watched(socket, session, peer, clock);
};

/** Has many exchanges share a connection: each may have little unread. */
export const narrow = ({ session }: Connection): void =>
  session.settings({ initialWindowSize: limits.exchangeWindow, maxConcurrentStreams: limits.exchanges });

const watched = <S extends Http2Session>(socket: TLSSocket, session: S, peer: Peer, clock: Clock): Connection<S> => {
  const destroy = (): void => {
    session.destroy();
    socket.destroy();
  };
  // the close that follows every error tells everybody
  session.on('error', () => undefined);
  socket.on('error', () => undefined);
  const stopBeating = heartbeat(socket, session, clock, destroy);
  const closed = new Promise<void>((resolve) => {
    const gone = (): void => {
      stopBeating();
      destroy();
      resolve();
    };
    session.once('close', gone);
    socket.once('close', gone);
  });
  const close = async (): Promise<void> => {
    const cancel = clock.after(limits.close, destroy);
    session.close();
    await closed;
    cancel();
  };
  return { peer, session, closed, close, destroy };
};

const heartbeat = (socket: TLSSocket, session: Http2Session, clock: Clock, dead: () => void): (() => void) => {
  let bytes = socket.bytesRead;
  // counted in beats, not in time: a process that was held up has not heard what is waiting in its socket
  let silent = 0;
  const beat = (): void => {
    silent = socket.bytesRead === bytes ? silent + 1 : 0;
    bytes = socket.bytesRead;
    if (silent * limits.ping >= limits.dead) {
      dead();
      return;
    }
    if (!session.destroyed && !session.closed && !session.connecting) session.ping(() => undefined);
    cancel = clock.after(limits.ping, beat);
  };
  let cancel = clock.after(limits.ping, beat);
  return () => cancel();
};
