/** TLS of an endpoint: one scope of sessions and tickets lets data connections resume the control connection's session (RFC 4217, section 10.2). */
import { constants, X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import { createSecureContext, type SecureContext, type SecureVersion, TLSSocket } from 'node:tls';
import type { Clock, Log } from '../../domain/ports.ts';
import { fingerprintOf } from '../shared/certificates.ts';
import { knownClient } from '../shared/endpoint-certificate.ts';
import type { OwnCertificates } from '../shared/own-certificates.ts';
import { plainAddress } from '../shared/plain-address.ts';
import { overTls, wasCut } from './carrier.ts';
import { common, type Reply } from './replies.ts';
import { sessionStore } from './sessions.ts';

/** The settings of TLS. `clientCa` are PEM texts. */
export type TlsSettings = {
  readonly mode: 'explicit' | 'implicit';
  readonly minVersion: 1.2 | 1.3;
  readonly sessionReuse: 'demand' | 'accept';
  readonly closeNotify: 'demand' | 'trust';
  readonly loginTimeout: number;
  readonly own: OwnCertificates;
  readonly clientCa: readonly string[];
};

/** TLS of one control connection and of its data connections. */
export type ConnectionTls = {
  readonly mode: TlsSettings['mode'];
  /** Begins the handshake on a control connection. Whoever asks bounds its time. */
  readonly control: (plain: Socket) => TLSSocket;
  /** Makes the handshake on a data connection, in bounded time; a reply says why not. */
  readonly data: (plain: Socket) => Promise<Socket | Reply>;
  /** Did the data of an upload end as only its sender can end it? */
  readonly wasCut: (socket: Socket) => boolean;
  /** The fingerprint of the client's certificate, where it has shown one that is valid now and issued by a known CA. */
  readonly certificateOf: (control: Socket) => string | undefined;
};

/** TLS of an endpoint. */
export type EndpointTls = {
  readonly mode: TlsSettings['mode'];
  /** What the log says of it; partners compare the fingerprint. */
  readonly described: { readonly mode: string; readonly certificate: string };
  readonly connection: () => ConnectionTls;
};

/** Makes the TLS of an endpoint. Throws where certificate and key are no pair. */
export const endpointTls = (
  settings: TlsSettings,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): EndpointTls => {
  const { mode, own, clientCa } = settings;
  const minVersion: SecureVersion = `TLSv${settings.minVersion}`;
  const newContext = (): SecureContext => {
    const { certificate: cert, key } = own.pairFor();
    return createSecureContext({
      cert,
      key,
      ...(clientCa.length > 0 ? { ca: [...clientCa] } : {}),
      minVersion,
      sessionIdContext: 'sallyport-ftps',
      // A client could make the server work for nothing (CVE-2011-1473).
      secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
    });
  };
  const newScope = () => ({ secureContext: newContext(), server: sessionStore() });
  let shared = newScope();
  own.onChange(() => {
    shared = newScope();
  });
  const authorities = clientCa.map((pem) => new X509Certificate(pem));

  const connection = (): ConnectionTls => {
    // A ticket says of which context it is, and nothing else; so where it matters each control connection has its own.
    const scope = settings.sessionReuse === 'demand' ? newScope() : shared;
    // What the CA did not issue is no certificate to us, and no reason to refuse a password.
    const options = { ...scope, requestCert: clientCa.length > 0, rejectUnauthorized: false };
    return {
      mode,
      control: (plain) => {
        const address = plainAddress(plain.remoteAddress);
        const socket = new TLSSocket(plain, { ...options, isServer: true });
        let established = false;
        socket.once('secure', () => (established = true));
        socket.on('error', (error: Error & { readonly code?: string }) => {
          if (!established) log.info('ftps handshake failed', { address, why: error.code ?? 'unknown' });
          socket.destroy();
        });
        return socket;
      },
      data: async (plain) => {
        const socket = overTls(plain, options);
        const done = await handshake(socket, clock, settings.loginTimeout);
        if (done && (settings.sessionReuse === 'accept' || socket.isSessionReused())) return socket;
        socket.destroy();
        return done ? common.notResumed : common.noHandshake;
      },
      wasCut: (socket) => settings.closeNotify === 'demand' && wasCut(socket),
      certificateOf: (control) => knownClient(control, authorities, clock.now()),
    };
  };
  return { mode, described: { mode, certificate: fingerprintOf(own.pairFor().certificate) }, connection };
};

const handshake = (socket: TLSSocket, clock: Clock, limit: number): Promise<boolean> =>
  new Promise((resolve) => {
    const settle = (done: boolean) => (): void => {
      cancel();
      resolve(done);
    };
    const cancel = clock.after(limit, settle(false));
    socket.once('secure', settle(true)).once('close', settle(false));
  });
