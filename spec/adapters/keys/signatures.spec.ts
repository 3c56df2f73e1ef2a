import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { linkSignatures } from '../../../adapters/keys/signatures.ts';
import { makeCa, makeNode, type Pair } from '../../../adapters/shared/certificates.ts';

describe('a signature of a link key', () => {
  let [inner, dmz]: Pair[] = [];
  beforeAll(async () => {
    const ca = await makeCa(Date.now());
    inner = await makeNode(ca, { role: 'inner', node: 'inner', hosts: [] }, Date.now());
    dmz = await makeNode(ca, { role: 'dmz', node: 'dmz', hosts: [] }, Date.now());
  });
  const der = (pair: Pair | undefined): Uint8Array => new X509Certificate(pair?.certificate ?? '').raw;

  it('is checked against a certificate, whoever checks', () => {
    const signature = linkSignatures(inner?.key ?? '').sign('text');
    const there = linkSignatures(dmz?.key ?? '');
    expect(there.verify('text', signature, der(inner))).toBe(true);
    expect(there.verify('other text', signature, der(inner))).toBe(false);
    expect(there.verify('text', signature, der(dmz))).toBe(false);
    expect(there.verify('text', signature)).toBe(false);
  });

  it('is checked against the own key where no certificate is given', () => {
    const own = linkSignatures(inner?.key ?? '');
    expect(own.verify('text', own.sign('text'))).toBe(true);
  });

  it('is none where it, or the certificate, is malformed', () => {
    const own = linkSignatures(inner?.key ?? '');
    expect(own.verify('text', 'nonsense', der(inner))).toBe(false);
    expect(own.verify('text', own.sign('text'), Buffer.from('nonsense'))).toBe(false);
  });

  it.each(['rsa', 'ed25519'] as const)('is made with keys of %s, too', (type) => {
    const { privateKey } =
      type === 'rsa' ? generateKeyPairSync('rsa', { modulusLength: 2048 }) : generateKeyPairSync('ed25519');
    const own = linkSignatures(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
    expect(own.verify('text', own.sign('text'))).toBe(true);
  });
});
