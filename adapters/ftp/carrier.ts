/** TLS over a data connection, with the end of the data told from a cut (RFC 5246, section 7.2.1; RFC 8446, section 6.1). */
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { TLSSocket, type TLSSocketOptions } from 'node:tls';

/** Data connections that ended without close_notify. */
const cut = new WeakSet<Socket>();

/** Did the data end as nobody but the sender can end it? A FIN anybody on the way can make, and a dying sender's system makes one. */
export const wasCut = (socket: Socket): boolean => cut.has(socket);

const buffered = 256 * 1024;

/**
 * Speaks TLS as the server over a connection. Node tells both ends alike, by `end`; but OpenSSL has seen a close_notify
 * before the end of the connection is passed on to it, which therefore is done here and not in Node's own handle.
 */
export const overTls = (plain: Socket, options: TLSSocketOptions): TLSSocket => {
  let ended = false;
  let notified = false;
  let established = false;
  const carrier = new Duplex({
    readableHighWaterMark: buffered,
    read: () => void plain.resume(),
    // After close_notify the sender owes us nothing, and may be gone.
    write: (chunk, _, done) => void plain.write(chunk as Buffer, (error) => done(notified ? null : error)),
    final: (done) => void plain.end(() => done()),
    destroy: (error, done) => {
      plain.destroy();
      done(error);
    },
  });
  carrier.once('end', () => {
    ended = true;
    if (!notified) cut.add(socket);
    // Nobody reads yet who would see the end.
    if (!established) socket.destroy();
  });
  plain.on('data', (chunk: Buffer) => {
    if (!carrier.push(chunk)) plain.pause();
  });
  plain.once('end', () => carrier.push(null));
  plain.once('error', (error) => {
    if (!notified) carrier.destroy(error);
  });
  plain.once('close', () => {
    if (!notified && !plain.readableEnded) carrier.destroy();
  });

  const socket = new TLSSocket(carrier, { ...options, isServer: true });
  const push = socket.push.bind(socket);
  socket.push = (chunk, encoding) => {
    if (chunk === null && !ended) notified = true;
    return push(chunk, encoding);
  };
  socket.once('secure', () => (established = true)).on('error', () => undefined);
  return socket;
};
