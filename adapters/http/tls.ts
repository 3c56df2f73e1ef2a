/** TLS of an endpoint. */
import { constants, X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import { createSecureContext, type SecureContext, type SecureContextOptions, type TlsOptions } from 'node:tls';
import type { Clock } from '../../domain/ports.ts';
import { fingerprintOf, type Pair } from '../shared/certificates.ts';
import { knownClient } from '../shared/endpoint-certificate.ts';
import type { OwnCertificates } from '../shared/own-certificates.ts';

/** The settings of TLS. `clientCa` are PEM texts. */
export type TlsSettings = {
  readonly minVersion: 1.2 | 1.3;
  readonly headerTimeout: number;
  readonly http2: boolean;
  readonly own: OwnCertificates;
  readonly clientCa: readonly string[];
};

/** TLS of an endpoint. */
export type EndpointTls = {
  readonly options: TlsOptions;
  /** Whenever certificates have changed, those who ask for no name are served with these. */
  readonly onRenewed: (act: (options: SecureContextOptions) => void) => void;
  /** What the log says of it; partners compare the fingerprint. */
  readonly described: { readonly certificate: string };
  /** The fingerprint of the client's certificate, where it has shown one that is valid now and issued by a known CA. */
  readonly certificateOf: (socket: Socket) => string | undefined;
};

/** Makes the TLS of an endpoint. */
export const endpointTls = (
  { minVersion, headerTimeout, http2, own, clientCa }: TlsSettings,
  clock: Clock,
): EndpointTls => {
  const authorities = clientCa.map((pem) => new X509Certificate(pem));
  const shown = ({ certificate: cert, key }: Pair): SecureContextOptions => ({
    cert,
    key,
    ...(clientCa.length > 0 ? { ca: [...clientCa] } : {}),
    minVersion: `TLSv${minVersion}`,
    // A client could make the server work for nothing (CVE-2011-1473).
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
  });
  const contexts = new WeakMap<Pair, SecureContext>();
  const contextOf = (pair: Pair): SecureContext => {
    const found = contexts.get(pair) ?? createSecureContext(shown(pair));
    contexts.set(pair, found);
    return found;
  };
  return {
    options: {
      ...shown(own.pairFor()),
      SNICallback: (name, choose) => choose(null, contextOf(own.pairFor(name))),
      handshakeTimeout: headerTimeout,
      ALPNProtocols: http2 ? ['h2', 'http/1.1'] : ['http/1.1'],
      // What the CA did not issue is no certificate to us, and no reason to refuse a password.
      requestCert: clientCa.length > 0,
      rejectUnauthorized: false,
    },
    onRenewed: (act) => own.onChange(() => act(shown(own.pairFor()))),
    described: { certificate: fingerprintOf(own.pairFor().certificate) },
    certificateOf: (socket) => knownClient(socket, authorities, clock.now()),
  };
};
