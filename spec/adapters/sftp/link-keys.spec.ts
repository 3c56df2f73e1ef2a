import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { linkKey, publicKeyOf, whyNotForSsh } from '../../../adapters/sftp/link-keys.ts';
import { scratch } from '../../support/scratch.ts';

const certified = async (...kind: readonly string[]) => {
  const directory = await scratch();
  const [key, certificate] = [join(directory, 'key'), join(directory, 'crt')];
  const args = ['req', '-x509', '-nodes', '-subj', '/CN=a', '-days', '2', '-keyout', key, '-out', certificate, ...kind];
  execFileSync('openssl', args, { stdio: 'ignore' });
  chmodSync(key, 0o600);
  return { file: key, pem: readFileSync(key, 'utf8'), der: new X509Certificate(readFileSync(certificate)).raw };
};

describe('a key of the link', () => {
  it.each(['P-256', 'P-384', 'P-521'])(
    'of %s is to SSH what ssh-keygen says, the public one from the certificate',
    async (curve) => {
      const { file, pem, der } = await certified('-newkey', 'ec', '-pkeyopt', `ec_paramgen_curve:${curve}`);
      const [type, blob] = execFileSync('ssh-keygen', ['-y', '-f', file], { encoding: 'utf8' }).split(' ');
      expect(publicKeyOf(der)?.toString('base64')).toBe(blob?.trim());
      expect(linkKey(pem).type).toBe(type);
      expect(whyNotForSsh(pem)).toBeUndefined();
    },
  );

  it('of another kind is refused with what would be right', async () => {
    const { pem, der } = await certified('-newkey', 'rsa:2048');
    expect(publicKeyOf(der)).toBeUndefined();
    expect(whyNotForSsh(pem)).toContain('not ECDSA');
    expect(() => linkKey(pem)).toThrow(/messageService\.key.*ECDSA/);
  });
});
