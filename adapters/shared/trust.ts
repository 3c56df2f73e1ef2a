/** Whose certificate we accept at a partner's server. */
import { createHash, type X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { type Failure, permanent } from '../../domain/failure.ts';
import type { PartnerContext, PartnerPlace } from '../../domain/partner.ts';
import { nameOf, said, untrusted } from './partner-failures.ts';

/** A certificate's fingerprint, written as those of host keys are. */
export const fingerprintOf = ({ raw }: X509Certificate): string =>
  `SHA256:${createHash('sha256').update(raw).digest('base64').replace(/=+$/, '')}`;

/** Who vouches for a certificate: a person who approved this very one, or the authorities and the host name. */
export type Verify = 'pinned' | 'authority';

/** Why the server at the other end of this socket is not to be trusted; undefined where it is. Tells what was seen. */
export const distrust = (
  socket: TLSSocket,
  place: PartnerPlace,
  verify: Verify,
  now: number,
  onSeen: NonNullable<PartnerContext['onSeen']>,
): Failure | undefined => {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return permanent('untrusted', `the server at ${nameOf(place)} shows no certificate`);
  const seen = fingerprintOf(certificate);
  const [from, to] = [Date.parse(certificate.validFrom), Date.parse(certificate.validTo)];
  onSeen(seen, { subject: said(certificate.subject.replaceAll('\n', ', ')), notAfter: to });
  const day = (time: number): string => new Date(time).toISOString().slice(0, 10);
  const its = `the certificate of the server at ${nameOf(place)} (${seen})`;
  if (now > to) return permanent('untrusted', `${its} expired on ${day(to)}; the partner must renew it`);
  if (now < from) return permanent('untrusted', `${its} is valid from ${day(from)} only; look at both clocks`);
  if (verify === 'pinned') return place.trusted.includes(seen) ? undefined : untrusted(place, 'certificate', seen);
  if (socket.authorized) return undefined;
  return permanent(
    'untrusted',
    `no authority vouches for ${its}: ${said(String(socket.authorizationError))}; name its authority in ca, or set ` +
      `verify: pinned and approve it: sallyport channels trust ${place.channel}`,
  );
};
