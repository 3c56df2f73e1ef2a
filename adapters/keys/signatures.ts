/** Signatures of the link's keys (SHA-256 with ECDSA or RSA; Ed25519 as it is), each checked against a certificate. */
import { createPrivateKey, createPublicKey, type KeyObject, sign, verify, X509Certificate } from 'node:crypto';
import type { Signatures } from '../../domain/ports.ts';

/** Signs with a private key, and vouches for what its CA has signed; all PEM. What is malformed is no signature. */
export const linkSignatures = (tls: {
  readonly key: string;
  readonly certificate: string;
  readonly ca: string;
}): Signatures => {
  const key = createPrivateKey(tls.key);
  const own = createPublicKey(key);
  return {
    sign: (text) => sign(hashFor(key), Buffer.from(text), key).toString('base64'),
    verify: (text, signature, certificate) =>
      certificate === undefined ? isSignedBy(own, text, signature) : isSigned(text, signature, certificate),
    certificate: new X509Certificate(tls.certificate).raw.toString('base64'),
    vouches: vouchedBy(tls.ca),
  };
};

/** Did the key of this certificate (DER) sign the text? */
export const isSigned = (text: string, signature: string, certificate: Uint8Array): boolean =>
  sound(() => isSignedBy(new X509Certificate(certificate).publicKey, text, signature));

/** Has this CA (PEM) given a certificate to a node? Whether it is still valid is not asked: what it signed stays signed. */
export const vouchedBy = (ca: string): Signatures['vouches'] => {
  const { publicKey } = new X509Certificate(ca);
  return (certificate, node) =>
    sound(() => {
      const shown = new X509Certificate(Buffer.from(certificate, 'base64'));
      const names = (shown.subjectAltName ?? '').split(', ').filter((each) => each.startsWith('URI:urn:sallyport:'));
      const [only] = names;
      const named = names.length === 1 && /^URI:urn:sallyport:(?:inner|dmz):(.+)$/.exec(only ?? '')?.[1] === node;
      return named && shown.verify(publicKey);
    });
};

const isSignedBy = (signer: KeyObject, text: string, signature: string): boolean =>
  sound(() => verify(hashFor(signer), Buffer.from(text), signer, Buffer.from(signature, 'base64')));

const sound = (check: () => boolean): boolean => {
  try {
    return check();
  } catch {
    return false;
  }
};

const hashFor = ({ asymmetricKeyType }: KeyObject): string | null =>
  asymmetricKeyType === 'ed25519' || asymmetricKeyType === 'ed448' ? null : 'sha256';
