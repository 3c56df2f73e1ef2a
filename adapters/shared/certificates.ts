/** Certificates that are made here (RFC 5280): the private CA, those of the nodes, and self-signed ones. WebCrypto: ECDSA on P-256 with SHA-256. */
import 'reflect-metadata';
import { createPrivateKey, randomBytes, webcrypto, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import * as x509 from '@peculiar/x509';
import { failing, permanent } from '../../domain/failure.ts';
import type { Role } from '../../domain/role.ts';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const day = 86_400_000;
const caDays = 3652;
const nodeDays = 730;

/** A node that gets a certificate: its hosts are DNS names or IP addresses at which it is reached. */
export type KeyNode = { readonly role: Role; readonly node: string; readonly hosts: readonly string[] };

/** A certificate and its private key, as PEM texts. */
export type Pair = { readonly certificate: string; readonly key: string };

const serialNumber = (): string => `4${randomBytes(16).toString('hex').slice(1)}`;

/** Backdated a day, so that a peer whose clock is behind takes it at once. */
const validity = (now: number, days: number) => ({
  notBefore: new Date(now - day),
  notAfter: new Date(now + days * day),
});

const newKeys = () => webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);

const keyPem = async (key: webcrypto.CryptoKey): Promise<string> =>
  `${x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY')}\n`;

/** Makes a private CA for ten years. It signs node certificates and no further CA. */
export const makeCa = async (now: number): Promise<Pair> => {
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: 'CN=Sallyport private CA',
    ...validity(now, caDays),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: `${certificate.toString('pem')}\n`, key: await keyPem(keys.privateKey) };
};

const hostName = (host: string): { type: 'ip' | 'dns'; value: string } => {
  if (isIP(host) !== 0) return { type: 'ip', value: host };
  if (
    !/^(?=.{1,253}$)[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?)*$/.test(
      host,
    )
  )
    throw failing(
      permanent('invalid', `"${host}" is neither a host name nor an IP address; write one like dmz.example.com.`),
    );
  return { type: 'dns', value: host };
};

/** Makes a node's certificate for two years, or as long as its CA lasts; refuses a name that no config would take. */
export const makeNode = async (ca: Pair, { role, node, hosts }: KeyNode, now: number): Promise<Pair> => {
  if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(node))
    throw failing(
      permanent('invalid', `"${node}" is no node name; write lower-case letters, digits and "-", at most 63.`),
    );
  const issuer = new x509.X509Certificate(ca.certificate);
  const { notBefore, notAfter } = validity(now, nodeDays);
  if (issuer.notAfter.getTime() <= now)
    throw failing(
      permanent('expired', `The CA ended on ${issuer.notAfter.toISOString()}; make new keys in another directory.`),
    );
  const der = createPrivateKey(ca.key).export({ type: 'pkcs8', format: 'der' });
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: `CN=${node}`,
    issuer: issuer.subject,
    notBefore,
    notAfter: new Date(Math.min(notAfter.getTime(), issuer.notAfter.getTime())),
    signingAlgorithm: algorithm,
    publicKey: keys.publicKey,
    signingKey: await webcrypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign']),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
      new x509.SubjectAlternativeNameExtension([
        { type: 'url', value: `urn:sallyport:${role}:${node}` },
        ...hosts.map(hostName),
      ]),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  });
  return { certificate: `${certificate.toString('pem')}\n`, key: await keyPem(keys.privateKey) };
};

/** Makes a certificate for ten years that nobody vouches for: whoever meets it compares its fingerprint. */
export const makeSelfSigned = async (name: string, now: number): Promise<Pair> => {
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: `CN=${name}`,
    ...validity(now, caDays),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: name }]),
    ],
  });
  return { certificate: `${certificate.toString('pem')}\n`, key: await keyPem(keys.privateKey) };
};

/** SHA-256 over a certificate, as config wants it: `peers[].fingerprint`, `clientCertificates`. */
export const fingerprintOf = (certificate: string | X509Certificate): string => {
  const { fingerprint256 } = typeof certificate === 'string' ? new X509Certificate(certificate) : certificate;
  return `sha256:${fingerprint256.replaceAll(':', '').toLowerCase()}`;
};

/** What a node certificate says about its node; undefined where it is not one of ours. */
export const readNode = (pem: string): KeyNode | undefined => {
  const names = new x509.X509Certificate(pem).getExtension(x509.SubjectAlternativeNameExtension)?.names.items ?? [];
  const urn = names.map((name) => /^urn:sallyport:(inner|dmz):(.+)$/.exec(name.value)).find((match) => match !== null);
  if (urn?.[1] === undefined || urn[2] === undefined) return undefined;
  const hosts = names.filter((name) => name.type === 'dns' || name.type === 'ip').map((name) => name.value);
  return { role: urn[1] === 'inner' ? 'inner' : 'dmz', node: urn[2], hosts };
};
