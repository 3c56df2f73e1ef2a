/** The endpoint's certificate: that of the config, or one that is made once and kept. And the CAs of clients. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { makeSelfSigned, type Pair } from './certificates.ts';
import { keptFile } from './kept-file.ts';

/** The pair of the given PEM files (the certificate with its chain), or else a self-signed one that is kept in `file`. */
export const ownCertificate = async (
  files: { readonly certificate: string; readonly key: string } | undefined,
  file: string,
  now: number,
): Promise<Pair> => {
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
