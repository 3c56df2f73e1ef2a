/** TLS on a data connection as its client (RFC 4217), which can tell an orderly end from a cut. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { type TLSSocket, connect as tlsConnect } from 'node:tls';
import type { FTPContext } from 'basic-ftp';
import { fingerprintOf } from '../shared/trust.ts';

/** The stream; `ready` once the other end has proved to be the server of the control connection. */
export type SecureData = {
  readonly stream: TLSSocket;
  readonly ready: Promise<void>;
  /** Has the sender said that this is the end (close_notify)? A cut connection ends the stream, too. */
  readonly endedWell: () => boolean;
};

/**
 * Begins TLS with the session of the control connection, which servers ask for as a proof. Under TLS 1.3 a ticket may be
 * good only once, so each connection's own ticket serves the next.
 */
export const secureData = (raw: Socket, ftp: FTPContext, control: TLSSocket): SecureData => {
  let [cut, well] = [false, false];
  const wire = asDuplex(raw);
  // Before TLS hears of it: whatever end it tells afterwards is not the sender's word.
  wire.once('end', () => {
    cut = true;
  });
  const session = ftp.tlsSessionStore ?? control.getSession();
  const stream = tlsConnect({ ...ftp.tlsOptions, socket: wire, ...(session === undefined ? {} : { session }) });
  stream.on('session', (ticket) => {
    ftp.tlsSessionStore = ticket;
  });
  const push = stream.push.bind(stream);
  stream.push = (chunk: unknown, encoding?: BufferEncoding) => {
    if (chunk === null && !cut) well = true;
    return push(chunk, encoding);
  };
  const ready = once(stream, 'secureConnect').then(() => {
    if (stream.isSessionReused()) return;
    const [theirs, known] = [stream.getPeerX509Certificate(), control.getPeerX509Certificate()];
    if (theirs === undefined || known === undefined || fingerprintOf(theirs) !== fingerprintOf(known))
      throw new Error('the data connection leads to another server than the control connection');
  });
  ready.catch(() => undefined);
  return { stream, ready, endedWell: () => well };
};

/** The socket seen through a stream, so that its end comes in order with its bytes. */
const asDuplex = (raw: Socket): Duplex => {
  const wire = new Duplex({
    read: () => raw.resume(),
    write: (chunk: Buffer, _, done) => raw.write(chunk, (error) => done(error)),
    final: (done) => raw.end(() => done()),
    destroy: (error, done) => {
      raw.destroy();
      done(error);
    },
  });
  raw.on('data', (chunk) => {
    if (!wire.push(chunk)) raw.pause();
  });
  raw.on('end', () => wire.push(null));
  raw.on('error', (error) => wire.destroy(error));
  raw.on('close', () => {
    if (!wire.readableEnded) wire.push(null);
  });
  return wire;
};
