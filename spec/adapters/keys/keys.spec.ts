import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Either } from 'fp-ts/lib/Either.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bundle, createKeys, renewKeys, showKeys } from '../../../adapters/keys/index.ts';
import { fingerprintOf } from '../../../adapters/shared/certificates.ts';
import type { Failure } from '../../../domain/failure.ts';
import type { Clock } from '../../../domain/ports.ts';

// whole seconds, as certificates know them
const now = Math.floor(Date.now() / 1000) * 1000;
const clock: Clock = { now: () => now, monotonic: () => performance.now(), after: () => () => undefined };
const nodes = [
  { role: 'inner', node: 'inner1', hosts: [] },
  { role: 'dmz', node: 'dmz1', hosts: ['dmz.example.com', '192.0.2.7'] },
] as const;

const must = <A>(result: Either<Failure, A>): A => {
  if (result._tag === 'Left') throw new Error(result.left.text);
  return result.right;
};
const failure = (result: Either<Failure, unknown>): Failure => {
  if (result._tag === 'Right') throw new Error('it did not fail');
  return result.left;
};

describe('the keys', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'keys-'));
    must(await createKeys({ directory, nodes, clock })());
  });
  afterEach(() => rm(directory, { recursive: true }));

  const openssl = (...args: readonly string[]) => execFileSync('openssl', args, { cwd: directory, encoding: 'utf8' });
  const text = (file: string) => openssl('x509', '-in', file, '-noout', '-text');

  it('verify against their CA with openssl, as a server and as a client', () => {
    for (const purpose of ['sslserver', 'sslclient'])
      expect(
        openssl('verify', '-x509_strict', '-purpose', purpose, '-CAfile', 'ca.crt', 'inner1.crt', 'dmz1.crt'),
      ).toBe('inner1.crt: OK\ndmz1.crt: OK\n');
  });

  it('name role, node and hosts', () => {
    expect(text('dmz1.crt')).toMatch(/URI:urn:sallyport:dmz:dmz1, DNS:dmz\.example\.com, IP Address:192\.0\.2\.7\s/);
    expect(text('dmz1.crt')).toContain('TLS Web Server Authentication, TLS Web Client Authentication');
    expect(text('dmz1.crt')).toContain('prime256v1');
  });

  it('are backdated a day and last two years, the CA ten', () => {
    const dates = (file: string) =>
      ['-startdate', '-enddate'].map((which) =>
        Date.parse(openssl('x509', '-in', file, '-noout', which).split('=')[1] ?? ''),
      );
    const days = ([from = 0, to = 0]: number[]) => [(Date.now() - from) / 86_400_000, (to - Date.now()) / 86_400_000];
    const [back = 0, forth = 0] = days(dates('inner1.crt'));
    expect(back).toBeCloseTo(1, 1);
    expect(forth).toBeCloseTo(730, 1);
    expect(days(dates('ca.crt'))[1]).toBeCloseTo(3652, 1);
  });

  it('sign no further CA', () => {
    expect(text('ca.crt')).toContain('CA:TRUE, pathlen:0');
    expect(text('inner1.crt')).toContain('CA:FALSE');
  });

  it('belong to their certificates and are readable by their owner only', async () => {
    for (const name of ['ca', 'inner1', 'dmz1']) {
      expect((await stat(join(directory, `${name}.key`))).mode & 0o777).toBe(0o600);
      expect(openssl('pkey', '-in', `${name}.key`, '-pubout')).toBe(
        openssl('x509', '-in', `${name}.crt`, '-noout', '-pubkey'),
      );
    }
  });

  it('have the fingerprint that openssl computes', async () => {
    const theirs = openssl('x509', '-in', 'dmz1.crt', '-noout', '-fingerprint', '-sha256').split('=')[1] ?? '';
    expect(fingerprintOf(await readFile(join(directory, 'dmz1.crt'), 'utf8'))).toBe(
      `sha256:${theirs.trim().replaceAll(':', '').toLowerCase()}`,
    );
  });

  it('are never overwritten', async () => {
    const before = await readFile(join(directory, 'inner1.key'), 'utf8');
    const again = failure(await createKeys({ directory, nodes, clock })());
    expect(again).toMatchObject({ code: 'exists', lasting: 'permanent' });
    expect(again.text).toContain(join(directory, 'inner1.key'));
    expect(await readFile(join(directory, 'inner1.key'), 'utf8')).toBe(before);
    expect((await readdir(directory)).sort()).toEqual([
      'ca.crt',
      'ca.key',
      'dmz1.crt',
      'dmz1.key',
      'inner1.crt',
      'inner1.key',
    ]);
  });

  it('are made for a further node by the same CA', async () => {
    must(await createKeys({ directory, nodes: [{ role: 'dmz', node: 'dmz2', hosts: [] }], clock })());
    expect(openssl('verify', '-CAfile', 'ca.crt', 'dmz2.crt', 'dmz1.crt')).toBe('dmz2.crt: OK\ndmz1.crt: OK\n');
  });

  it('are refused for a name or host that cannot be', async () => {
    for (const node of ['../evil', 'UPPER', 'ca', ''])
      expect(failure(await createKeys({ directory, nodes: [{ role: 'dmz', node, hosts: [] }], clock })()).code).toBe(
        'invalid',
      );
    const host = [{ role: 'dmz', node: 'dmz9', hosts: ['a b'] }] as const;
    expect(failure(await createKeys({ directory, nodes: host, clock })()).text).toContain('"a b"');
    expect(await readdir(directory)).not.toContain('dmz9.crt');
  });

  it('are shown with node, role, fingerprint and days left', async () => {
    const keys = must(await showKeys({ directory, clock })());
    expect(keys.map(({ file, node, role, daysLeft }) => ({ file, node, role, daysLeft }))).toEqual([
      { file: 'ca.crt', node: 'ca', role: 'ca', daysLeft: 3652 },
      { file: 'dmz1.crt', node: 'dmz1', role: 'dmz', daysLeft: 730 },
      { file: 'inner1.crt', node: 'inner1', role: 'inner', daysLeft: 730 },
    ]);
    expect(keys[1]?.fingerprint).toBe(fingerprintOf(await readFile(join(directory, 'dmz1.crt'), 'utf8')));
  });

  it('are bundled for dmz without the key of the CA', async () => {
    const target = must(await bundle({ directory, node: 'dmz1' })());
    expect((await readdir(target)).sort()).toEqual(['ca.crt', 'dmz1.crt', 'dmz1.key']);
    expect((await stat(join(target, 'dmz1.key'))).mode & 0o777).toBe(0o600);
    expect(await readFile(join(target, 'dmz1.key'), 'utf8')).toBe(await readFile(join(directory, 'dmz1.key'), 'utf8'));
    expect(failure(await bundle({ directory, node: 'dmz1' })()).code).toBe('exists');
    expect(failure(await bundle({ directory, node: 'inner1' })()).code).toBe('invalid');
    expect(failure(await bundle({ directory, node: 'dmz7' })()).code).toBe('notFound');
  });

  it('are renewed by the same CA with the same names, the former ones kept', async () => {
    const before = await readFile(join(directory, 'dmz1.key'), 'utf8');
    const former = fingerprintOf(await readFile(join(directory, 'dmz1.crt'), 'utf8'));
    const renewed = must(await renewKeys({ directory, node: 'dmz1', clock })());
    expect(renewed).toMatchObject({ node: 'dmz1', role: 'dmz', daysLeft: 730 });
    expect(renewed.fingerprint).not.toBe(former);
    expect(await readFile(join(directory, 'dmz1.key.old'), 'utf8')).toBe(before);
    expect(fingerprintOf(await readFile(join(directory, 'dmz1.crt.old'), 'utf8'))).toBe(former);
    expect((await stat(join(directory, 'dmz1.key.old'))).mode & 0o777).toBe(0o600);
    expect(openssl('verify', '-CAfile', 'ca.crt', 'dmz1.crt')).toBe('dmz1.crt: OK\n');
    expect(openssl('pkey', '-in', 'dmz1.key', '-pubout')).toBe(openssl('x509', '-in', 'dmz1.crt', '-noout', '-pubkey'));
    expect(text('dmz1.crt')).toContain('DNS:dmz.example.com');
  });
});
