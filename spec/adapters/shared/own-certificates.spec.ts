/** Certificates that are renewed while an endpoint runs, as openssl sees them, on every protocol with TLS. */
import { copyFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ftps } from '../../../adapters/ftp/index.ts';
import { https } from '../../../adapters/http/index.ts';
import { smtps } from '../../../adapters/smtp/index.ts';
import { writeCertificate } from '../../support/certificate.ts';
import { openEndpoint } from '../../support/endpoint.ts';
import { manualClock } from '../../support/manual-clock.ts';
import { program } from '../../support/program.ts';
import { scratch } from '../../support/scratch.ts';
import { until } from '../../support/until.ts';

const interval = 10_000;

const world = async (protocol: typeof https, settings: object = {}) => {
  const directory = await scratch();
  const [certificate, key] = [join(directory, 'used.crt'), join(directory, 'used.key')];
  /** Puts a pair (of two names where it is none) to where the endpoint has its own. */
  const use = async (name: string, keyOf = name): Promise<void> => {
    for (const each of new Set([name, keyOf])) writeCertificate(directory, each);
    for (const [from, to] of [
      [`${name}.crt`, certificate],
      [`${keyOf}.key`, key],
    ] as const) {
      await copyFile(join(directory, from), `${to}.new`);
      await rename(`${to}.new`, to);
    }
  };
  await use('first');
  const clock = manualClock(Date.now());
  const opened = await openEndpoint(
    protocol,
    { certificate, key, ...settings },
    [{ login: 'acme', password: 'secret' }],
    clock,
  );
  /** Whose certificate openssl sees, where it asks for this name. */
  const shown = async (name?: string): Promise<string> => {
    const asking = name === undefined ? ['-noservername'] : ['-servername', name];
    const ran = await program('openssl', ['s_client', '-connect', `127.0.0.1:${opened.place.port}`, ...asking]);
    return /^subject=CN = (.*)$/m.exec(ran.text)?.[1] ?? ran.text;
  };
  const look = (what: string): Promise<unknown> => {
    clock.advance(interval);
    return until(what, () => opened.lines.some((line) => line.includes(what)));
  };
  return { ...opened, certificate, key, directory, use, shown, look };
};

describe.each([
  ['https', https, {}],
  ['ftps', ftps, { mode: 'implicit', sessionReuse: 'accept' }],
  ['ftps', ftps, { mode: 'implicit', sessionReuse: 'demand' }],
  ['smtps', smtps, {}],
] as const)('the certificate of %s', (name, protocol, settings) => {
  it(`is renewed from its files without a restart, and kept where they are no pair: ${JSON.stringify(settings)}`, async () => {
    const { use, shown, look, lines } = await world(protocol, settings);
    expect(await shown()).toBe('first');
    await use('second', 'other');
    await look(`alarm ${name} certificate not renewed`);
    expect(lines.join('\n')).toMatch(/are not a certificate and its private key.*the one before it stays in use/);
    expect(await shown('any.example')).toBe('first');
    await use('third');
    await look(`info ${name} certificate renewed`);
    expect([await shown(), await shown('any.example')]).toEqual(['third', 'third']);
  });
});

describe('of several certificates of https', () => {
  it('each client gets the one for the name that it asks for, and of that the newest', async () => {
    const directory = await scratch();
    const pairs = ['a.example', 'b.example'].map((name) => {
      writeCertificate(directory, name, ['-addext', `subjectAltName=DNS:${name},DNS:*.${name}`]);
      return { certificate: join(directory, `${name}.crt`), key: join(directory, `${name}.key`) };
    });
    const { place, shown, look, lines } = await world(https, { certificates: pairs });
    const names = ['a.example', 'x.b.example', 'c.example', undefined];
    expect(await Promise.all(names.map(shown))).toEqual(['a.example', 'b.example', 'first', 'first']);
    const get = async () => {
      const [host, ca] = [`x.b.example:${place.port}`, pairs[1]?.certificate ?? ''];
      const to = ['--resolve', `${host}:127.0.0.1`, '--cacert', ca, '-u', 'acme:secret', `https://${host}/c/acme/`];
      return (await program('curl', ['-q', '-sS', '--fail', ...to])).code;
    };
    expect(await get()).toBe(0);
    writeCertificate(directory, 'b.example', ['-addext', 'subjectAltName=DNS:x.b.example']);
    expect(await get()).not.toBe(0);
    await look('info https certificate renewed');
    expect(await get()).toBe(0);
    expect(lines.filter((line) => line.includes('certificate renewed'))).toHaveLength(1);
  });

  it('which need a usual one beside them', () => {
    const certificates = [{ certificate: '/a', key: '/b' }];
    expect(https.settings.safeParse({ protocol: 'https', certificates }).success).toBe(false);
    expect(https.settings.safeParse({ protocol: 'https', certificates, certificate: '/c', key: '/d' }).success).toBe(
      true,
    );
  });

  it('do not let the endpoint open where one is no pair', async () => {
    const directory = await scratch();
    await writeFile(join(directory, 'x'), 'nothing');
    const certificates = [{ certificate: join(directory, 'x'), key: join(directory, 'x') }];
    await expect(world(https, { certificates })).rejects.toThrow(/are not a certificate and its private key/);
  });
});
