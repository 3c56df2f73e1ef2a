/** Signatures of the link's keys (SHA-256 with ECDSA or RSA; Ed25519 as it is), each checked against a certificate. */
import { createPrivateKey, createPublicKey, type KeyObject, sign, verify, X509Certificate } from 'node:crypto';
import type { Signatures } from '../../domain/ports.ts';

/** Signs with a private key (PEM). What is malformed is no signature. */
export const linkSignatures = (pem: string): Signatures => {
  const key = createPrivateKey(pem);
  const own = createPublicKey(key);
  return {
    sign: (text) => sign(hashFor(key), Buffer.from(text), key).toString('base64'),
    verify: (text, signature, certificate) => {
      try {
        const signer = certificate === undefined ? own : new X509Certificate(certificate).publicKey;
        return verify(hashFor(signer), Buffer.from(text), signer, Buffer.from(signature, 'base64'));
      } catch {
        return false;
      }
    },
  };
};

const hashFor = ({ asymmetricKeyType }: KeyObject): string | null =>
  asymmetricKeyType === 'ed25519' || asymmetricKeyType === 'ed448' ? null : 'sha256';
