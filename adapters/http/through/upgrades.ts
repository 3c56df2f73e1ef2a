/** Requests that want another protocol on their connection: only WebSocket (RFC 6455) on a route may have it. */
import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Answered, Body, Header } from '../../../domain/exchange.ts';
import type { Clock } from '../../../domain/ports.ts';
import { linger } from '../body.ts';
import { room } from './room.ts';

/** The connection of such a request, and what was sent behind it. */
export type Upgrade = { readonly socket: Duplex; readonly head: Buffer };

const waiting = new WeakMap<IncomingMessage, Upgrade>();

/** The connection that a request wants for another protocol; undefined where it wants none. */
export const upgradeOf = (request: IncomingMessage): Upgrade | undefined => waiting.get(request);

/** Has it a body, too? That is not read as one: it stands among the bytes of the connection. */
export const hasUnreadBody = (request: IncomingMessage): boolean =>
  waiting.has(request) &&
  (request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) !== 0);

/** Has such requests taken as all others are, with an answer that ends the connection unless the protocol is changed. */
export const upgrading =
  (take: (request: IncomingMessage, response: ServerResponse) => void, clock: Clock) =>
  (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    socket.on('error', () => undefined);
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    try {
      response.assignSocket(request.socket);
    } catch {
      // the request before it has not got its answer yet
      request.socket.destroy();
      return;
    }
    waiting.set(request, { socket, head });
    response.once('finish', () => (hasUnreadBody(request) ? bowOut(socket, clock) : request.socket.destroySoon()));
    take(request, response);
  };

/** Who is reset while it sends would not read its answer. */
const bowOut = (socket: Duplex, clock: Clock): void => {
  const cancel = clock.after(linger, () => socket.destroy());
  socket.once('close', cancel).once('end', () => socket.destroy());
  socket.resume().end();
};

/** What the client sends from here on. */
export async function* tunnelled({ socket, head }: Upgrade): Body & AsyncGenerator<Uint8Array, void> {
  if (head.length > 0) yield head;
  yield* socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
}

/** Changes the protocol, and gives what the service sends until it ends. */
export const tunnel = async (
  { socket }: Upgrade,
  response: ServerResponse,
  { head, body, over }: Answered & { readonly over: AbortSignal },
): Promise<void> => {
  const closed = new Promise<void>((resolve) => {
    if (socket.destroyed) resolve();
    else socket.once('close', () => resolve());
  });
  response.detachSocket(response.req.socket);
  const headers: readonly Header[] = [...head.headers, ['connection', 'Upgrade'], ['upgrade', 'websocket']];
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`);
  try {
    socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('')}\r\n`, 'latin1');
    for await (const piece of body) if (!socket.write(piece)) await room(socket, over);
    response.req.socket.destroySoon();
  } catch {
    socket.destroy();
  }
  await closed;
};
