/** The keys of the message service as SSH uses them: who is verified on the link is known here, and no other key is made. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { failing, permanent } from '../../domain/failure.ts';
import { type HostKey, hostKey } from './host-keys.ts';

/** SSH's names of the elliptic curves (RFC 5656, section 10.1). */
const curves: Readonly<Record<string, string>> = { 'P-256': 'nistp256', 'P-384': 'nistp384', 'P-521': 'nistp521' };

const text = (bytes: Uint8Array | string): Buffer => {
  const body = Buffer.from(bytes);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  return Buffer.concat([length, body]);
};

/** The public key of a certificate (DER) as SSH writes it (RFC 5656, section 3.1); undefined where it is not ECDSA. */
export const publicKeyOf = (certificate: Uint8Array): Buffer | undefined => {
  const { crv = '', x = '', y = '' } = new X509Certificate(certificate).publicKey.export({ format: 'jwk' });
  const curve = curves[crv];
  if (curve === undefined) return undefined;
  const point = Buffer.concat([Buffer.of(4), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]);
  return Buffer.concat([text(`ecdsa-sha2-${curve}`), text(curve), text(point)]);
};

const notEcdsa = 'it is not ECDSA, which SFTP between the servers needs; `sallyport keys create` makes one';

/** What is wrong with the link's private key (PEM) for SSH: a sentence, or undefined for nothing. */
export const whyNotForSsh = (pem: string): string | undefined => (parsed(pem) === undefined ? notEcdsa : undefined);

/** The link's private key (PEM) for SSH. Throws a sentence where it is not ECDSA. */
export const linkKey = (pem: string): HostKey => {
  const key = parsed(pem);
  if (key === undefined) throw failing(permanent('badKey', `messageService.key: ${notEcdsa}`));
  return key;
};

const parsed = (pem: string): HostKey | undefined => {
  const key = createPrivateKey(pem);
  return key.asymmetricKeyType === 'ec' ? hostKey(key.export({ type: 'sec1', format: 'pem' }).toString()) : undefined;
};
