/** What a certificate of the message service says: role and node, in a URI of its subject alternative names. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { Role } from '../../domain/role.ts';

/** What is wrong with a server's certificate and key: a sentence, or undefined for nothing. */
export const whyNotOurs = (
  role: Role,
  node: string,
  tls: { readonly ca: string; readonly certificate: string; readonly key: string },
  now: number,
): { readonly path: string; readonly problem: string } | undefined => {
  const at = (name: string, problem: string) => ({ path: `messageService.${name}`, problem });
  const certificate = read(() => new X509Certificate(tls.certificate));
  if (certificate === undefined)
    return at('certificate', 'it is not a PEM certificate; `sallyport keys create` makes one');
  const ca = read(() => new X509Certificate(tls.ca));
  if (ca === undefined) return at('ca', 'it is not a PEM certificate; it is ca.crt of `sallyport keys create`');
  const key = read(() => createPrivateKey(tls.key));
  if (key === undefined) return at('key', 'it is not a PEM private key; `sallyport keys create` makes one');
  if (!certificate.checkPrivateKey(key)) return at('key', 'it is not the key of the certificate');
  if (!certificate.verify(ca.publicKey)) return at('certificate', 'it was not signed by the CA of messageService.ca');
  const named = certificate.subjectAltName?.split(', ').find((each) => each.startsWith('URI:urn:sallyport:'));
  if (named !== `URI:urn:sallyport:${role}:${node}`)
    return at(
      'certificate',
      `it is for ${named?.slice('URI:urn:sallyport:'.length) ?? 'nobody'}, not for ${role}:${node}`,
    );
  if (new Date(certificate.validTo).getTime() < now)
    return at('certificate', `it expired on ${certificate.validTo}; \`sallyport keys renew\` makes a new one`);
  return undefined;
};

const read = <A>(parse: () => A): A | undefined => {
  try {
    return parse();
  } catch {
    return undefined;
  }
};
