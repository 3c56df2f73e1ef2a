/** A self-signed certificate and its key, for tests that need PEM files and nobody's trust. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** Writes `<name>.crt` and `<name>.key` into the directory; `more` are options of openssl. */
export const writeCertificate = (directory: string, name: string, more: readonly string[] = []): void => {
  const [key, certificate] = [join(directory, `${name}.key`), join(directory, `${name}.crt`)];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', `/CN=${name}`, '-days', '2'];
  execFileSync('openssl', ['req', '-x509', ...kind, ...more, '-keyout', key, '-out', certificate], { stdio: 'ignore' });
};
