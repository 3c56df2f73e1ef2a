/** TLS as the message service uses it: 1.3 only, both sides with a certificate, both checked by `identify`. */
import { constants } from 'node:crypto';
import type { CommonConnectionOptions, SecureContextOptions } from 'node:tls';

/** ALPN of a connection whose dialler is the HTTP/2 client. */
export const forward = 'h2';
/** ALPN of connections whose acceptor is the HTTP/2 client (pushback: dmz asks over a socket that inner opened), by what it asks there. */
export const reverse = { events: 'sallyport-reverse', through: 'sallyport-reverse-through' } as const;

/** Our own PEM texts. */
export type OwnKeys = { readonly ca: string; readonly certificate: string; readonly key: string };

/**
 * Options of either side. `rejectUnauthorized` is off only because the verdict of OpenSSL is read by `identify`, which
 * both sides call before the first byte of HTTP/2, and which says why. No session tickets: each connection is checked anew.
 */
export const tlsOptions = (own: OwnKeys): SecureContextOptions & CommonConnectionOptions => ({
  ca: own.ca,
  cert: own.certificate,
  key: own.key,
  minVersion: 'TLSv1.3',
  requestCert: true,
  rejectUnauthorized: false,
  secureOptions: constants.SSL_OP_NO_TICKET,
});
