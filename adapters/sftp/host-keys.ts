/** The server's own keys: those of the config, or two that are made once and kept. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import ssh2, { type ParsedKey } from 'ssh2';
import { keptFile } from '../shared/kept-file.ts';
import { fingerprint } from './fingerprint.ts';

/** A private host key as ssh2 wants it, and what partners compare. */
export type HostKey = { readonly pem: string; readonly type: string; readonly fingerprint: string };

/** The keys of the given files, or else an Ed25519 and an ECDSA key in `directory`, made (0600) where they are missing. */
export const hostKeys = async (
  files: readonly string[] | undefined,
  directory: string,
): Promise<readonly HostKey[]> => {
  if (files !== undefined) return Promise.all(files.map(read));
  return Promise.all([
    kept(join(directory, 'ssh_host_ed25519_key'), makeEd25519),
    kept(join(directory, 'ssh_host_ecdsa_key'), makeEcdsa),
  ]);
};

const kept = async (file: string, make: () => string): Promise<HostKey> => {
  await keptFile(file, make);
  return read(file);
};

const read = async (file: string): Promise<HostKey> => {
  const pem = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new Error(`host key ${file} cannot be read; name a file that this server's user may read`, { cause });
  });
  const key = hostKey(pem);
  if (key === undefined)
    throw new Error(`host key ${file} is not a private key without a passphrase; make one with ssh-keygen -t ed25519`);
  return key;
};

/** A host key from its PEM text, in a form that ssh2 knows; undefined where it is none. */
export const hostKey = (pem: string): HostKey | undefined => {
  const key = parse(pem);
  return key === undefined ? undefined : { pem, type: key.type, fingerprint: fingerprint(key.getPublicSSH()) };
};

const parse = (pem: string): ParsedKey | undefined => {
  const parsed: unknown = ssh2.utils.parseKey(pem);
  const key = (Array.isArray(parsed) ? parsed[0] : parsed) as ParsedKey | Error;
  return key instanceof Error || !key.isPrivateKey() ? undefined : key;
};

const makeEd25519 = (): string => sound(() => ssh2.utils.generateKeyPairSync('ed25519').private);
const makeEcdsa = (): string => sound(() => ssh2.utils.generateKeyPairSync('ecdsa', { bits: 256 }).private);

/** ssh2 1.17 writes about one Ed25519 key in 300 so that it cannot be read again. */
const sound = (make: () => string): string => {
  for (let tries = 0; tries < 20; tries += 1) {
    const pem = make();
    if (parse(pem) !== undefined) return pem;
  }
  throw new Error('no usable host key came out of 20 tries');
};
