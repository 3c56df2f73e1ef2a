import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { linkSignatures } from '../../../adapters/keys/signatures.ts';
import { makeCa, makeNode, type Pair } from '../../../adapters/shared/certificates.ts';

describe('a signature of a link key', () => {
  let [inner, dmz]: Pair[] = [];
  let ca: Pair = { certificate: '', key: '' };
  beforeAll(async () => {
    ca = await makeCa(Date.now());
    inner = await makeNode(ca, { role: 'inner', node: 'inner', hosts: [] }, Date.now());
    dmz = await makeNode(ca, { role: 'dmz', node: 'dmz', hosts: [] }, Date.now());
  });
  const ofKey = (pair: Pair | undefined) =>
    linkSignatures({ key: pair?.key ?? '', certificate: pair?.certificate ?? '', ca: ca.certificate });
  const der = (pair: Pair | undefined): Uint8Array => new X509Certificate(pair?.certificate ?? '').raw;

  it('is checked against a certificate, whoever checks', () => {
    const signature = ofKey(inner).sign('text');
    const there = ofKey(dmz);
    expect(there.verify('text', signature, der(inner))).toBe(true);
    expect(there.verify('other text', signature, der(inner))).toBe(false);
    expect(there.verify('text', signature, der(dmz))).toBe(false);
    expect(there.verify('text', signature)).toBe(false);
  });

  it('is checked against the own key where no certificate is given', () => {
    const own = ofKey(inner);
    expect(own.verify('text', own.sign('text'))).toBe(true);
  });

  it('is none where it, or the certificate, is malformed', () => {
    const own = ofKey(inner);
    expect(own.verify('text', 'nonsense', der(inner))).toBe(false);
    expect(own.verify('text', own.sign('text'), Buffer.from('nonsense'))).toBe(false);
  });

  it.each(['rsa', 'ed25519'] as const)('is made with keys of %s, too', (type) => {
    const { privateKey } =
      type === 'rsa' ? generateKeyPairSync('rsa', { modulusLength: 2048 }) : generateKeyPairSync('ed25519');
    const own = ofKey({
      certificate: ca.certificate,
      key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    });
    expect(own.verify('text', own.sign('text'))).toBe(true);
  });

  it("is a node's only with a certificate that the CA has given to that node", async () => {
    const own = ofKey(inner);
    const there = ofKey(dmz);
    const signature = there.sign('text');
    const forged = ofKey(await makeNode(await makeCa(Date.now()), { role: 'dmz', node: 'dmz', hosts: [] }, Date.now()));
    expect(own.signedBy('dmz', 'text', signature, there.certificate)).toBe(true);
    expect(own.signedBy('dmz', 'other text', signature, there.certificate)).toBe(false);
    expect(own.signedBy('inner', 'text', signature, there.certificate)).toBe(false);
    expect(own.signedBy('dmz', 'text', own.sign('text'), own.certificate)).toBe(false);
    expect(own.signedBy('dmz', 'text', forged.sign('text'), forged.certificate)).toBe(false);
    expect(own.signedBy('dmz', 'text', signature, 'nonsense')).toBe(false);
  });
});
