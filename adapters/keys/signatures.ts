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
    signedBy: signaturesUnder(tls.ca),
  };
};

const isSigned = (text: string, signature: string, certificate: Uint8Array): boolean =>
  sound(() => isSignedBy(new X509Certificate(certificate).publicKey, text, signature));

/** Signatures of nodes of a CA (PEM). Whether a certificate is still valid is not asked: what it signed stays signed. */
export const signaturesUnder = (ca: string): Signatures['signedBy'] => {
  const { publicKey } = new X509Certificate(ca);
  return signaturesBy((certificate) => certificate.verify(publicKey));
};

/** Signatures of nodes whose certificates are taken. */
export const signaturesBy =
  (isTaken: (certificate: X509Certificate) => boolean): Signatures['signedBy'] =>
  (node, text, signature, certificate) =>
    sound(() => {
      const shown = new X509Certificate(Buffer.from(certificate, 'base64'));
      const names = (shown.subjectAltName ?? '').split(', ').filter((each) => each.startsWith('URI:urn:sallyport:'));
      const named = /^URI:urn:sallyport:(?:inner|dmz):(.+)$/.exec(names.join(', '))?.[1];
      return named === node && isTaken(shown) && isSignedBy(shown.publicKey, text, signature);
    });

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
