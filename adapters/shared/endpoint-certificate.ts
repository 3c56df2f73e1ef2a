/** The endpoint's certificate: that of the config, or one that is made once and kept. And the CAs of clients. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { z } from 'zod';
import { filePath } from '../../domain/units.ts';
import { fingerprintOf, makeSelfSigned, type Pair } from './certificates.ts';
import { keptFile } from './kept-file.ts';

/** The PEM files of a certificate (with its chain) and of its key. */
export type PairFiles = { readonly certificate: string; readonly key: string };

/** What an endpoint with TLS says of certificates; certificate and key belong together (`isPair`). */
export const certificateSettings = {
  certificate: filePath
    .optional()
    .describe(
      'PEM file of the certificate and its chain, looked at every 10 s; absent: a self-signed one is made once and kept.',
    ),
  key: filePath.optional().describe('PEM file of the private key of the certificate, without a passphrase.'),
  minVersion: z.literal([1.2, 1.3]).default(1.2).describe('The lowest version of TLS.'),
  clientCa: filePath
    .optional()
    .describe(
      "PEM file of the CAs that issue partners' certificates (or of those certificates): clients are asked for theirs, and `clientCertificates` of the channels count.",
    ),
};

/** Are both given, or neither? And what to say where they are not. */
export const isPair = [
  ({ certificate, key }: { readonly certificate?: string | undefined; readonly key?: string | undefined }): boolean =>
    (certificate === undefined) === (key === undefined),
  'give certificate and key, or neither',
] as const;

/** The files that the settings name as the usual pair, if they do. */
export const pairFilesOf = ({
  certificate,
  key,
}: {
  readonly certificate?: string | undefined;
  readonly key?: string | undefined;
}): readonly PairFiles[] => (certificate === undefined || key === undefined ? [] : [{ certificate, key }]);

/** The pair of the given PEM files (the certificate with its chain), or else a self-signed one, kept in `file`. */
export const ownCertificate = async (files: PairFiles | undefined, file: string, now: number): Promise<Pair> => {
  if (files !== undefined)
    return fitting(
      { certificate: await readPem(files.certificate), key: await readPem(files.key) },
      `${files.certificate} and ${files.key}`,
    );
  // One file for both, so that they always fit.
  const both = await keptFile(file, async () => {
    const made = await makeSelfSigned('sallyport', now);
    return made.certificate + made.key;
  });
  return fitting({ certificate: both, key: both }, file);
};

/** The certificates of a PEM file, each as a text of its own. */
export const authorities = async (file: string | undefined): Promise<readonly string[]> => {
  if (file === undefined) return [];
  const found = (await readPem(file)).match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g);
  if (found === null) throw new Error(`${file} holds no certificate; name a PEM file with those of the CAs`);
  return found;
};

const readPem = (file: string): Promise<string> =>
  readFile(file, 'utf8').catch((cause: unknown) => {
    throw new Error(`${file} cannot be read; name a PEM file that this server's user may read`, { cause });
  });

const fitting = (pair: Pair, where: string): Pair => {
  let fits = false;
  try {
    fits = new X509Certificate(pair.certificate).checkPrivateKey(createPrivateKey(pair.key));
  } catch {
    // It is no PEM, or needs a passphrase.
  }
  if (!fits) throw new Error(`${where} are not a certificate and its private key without a passphrase, in PEM`);
  return pair;
};

/** The fingerprint of the client's certificate, where it has shown one that is valid now and issued by a known CA. */
export const knownClient = (
  socket: Socket,
  authorities: readonly X509Certificate[],
  now: number,
): string | undefined => {
  const certificate = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;
  return certificate !== undefined && isValid(certificate, authorities, now) ? fingerprintOf(certificate) : undefined;
};

/** The handshake has proved that the client has the key. Only the issuer itself counts, or the very certificate. */
const isValid = (certificate: X509Certificate, authorities: readonly X509Certificate[], now: number): boolean =>
  Date.parse(certificate.validFrom) <= now &&
  now <= Date.parse(certificate.validTo) &&
  authorities.some(
    (each) => each.raw.equals(certificate.raw) || (certificate.checkIssued(each) && certificate.verify(each.publicKey)),
  );
