/** Who is at the other end of a TLS connection: decided by us alone, from its certificate and our list of peers. */
import type { TLSSocket } from 'node:tls';
import { type Either, left, right } from 'fp-ts/lib/Either.js';
import type { Peer } from '../../domain/message.ts';
import { otherRole, type Role } from '../../domain/role.ts';

/** A server that we talk to: its node, the only certificate that we take for it, and where it is dialled. */
export type KnownPeer = {
  readonly node: string;
  readonly fingerprint: string;
  readonly host?: string | undefined;
  readonly port: number;
};

const chainProblem = (socket: TLSSocket): string => {
  const code = String(socket.authorizationError);
  if (code === 'CERT_HAS_EXPIRED') return 'its certificate has expired; renew its keys';
  if (code === 'CERT_NOT_YET_VALID') return 'its certificate is not valid yet; look at the clocks of both servers';
  return `its certificate is not from our private CA (${code})`;
};

/**
 * The peer at the other end with its certificate (DER; Node gives it only once), or why we do not talk to it: no certificate, not of our CA, outside its time, not of the
 * other role, not in our list, or not the very certificate in our list.
 */
export const identify = (
  socket: TLSSocket,
  own: { readonly role: Role; readonly peers: readonly KnownPeer[]; readonly now: number },
): Either<string, { readonly peer: Peer; readonly certificate: Uint8Array }> => {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return left('it shows no certificate');
  if (!socket.authorized) return left(chainProblem(socket));
  // our own look at the time, since tests and a resumed session do not ask OpenSSL's clock
  if (own.now < Date.parse(certificate.validFrom)) return left('its certificate is not valid yet');
  if (own.now > Date.parse(certificate.validTo)) return left('its certificate has expired; renew its keys');
  const named = [
    ...(certificate.subjectAltName ?? '').matchAll(
      /(?:^|, )URI:urn:sallyport:(inner|dmz):([a-z0-9][a-z0-9-]{0,62})(?=, |$)/g,
    ),
  ];
  const [, role, node] = named[0] ?? [];
  if (named.length !== 1 || node === undefined) return left('its certificate does not name one role and node');
  const wanted = otherRole(own.role);
  if (role !== wanted) return left(`its certificate is for role ${role ?? ''}, and only ${wanted} may be here`);
  const known = own.peers.filter((peer) => peer.node === node);
  if (known.length === 0) return left(`node "${node}" is not in messageService.peers`);
  const fingerprint = `sha256:${certificate.fingerprint256.replaceAll(':', '').toLowerCase()}`;
  if (!known.some((peer) => peer.fingerprint === fingerprint))
    return left(`its certificate ${fingerprint} is not the one that messageService.peers has for "${node}"`);
  return right({ peer: { role: wanted, node }, certificate: certificate.raw });
};
