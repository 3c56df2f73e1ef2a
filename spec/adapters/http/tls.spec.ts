import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fingerprintOf } from '../../../adapters/shared/certificates.ts';
import { writeCertificate } from '../../support/certificate.ts';
import { program } from '../../support/program.ts';
import { scratch } from '../../support/scratch.ts';
import { curl, curlAs, urlOf } from './clients.ts';
import { endpoint } from './endpoint.ts';

describe('https', () => {
  it.each(['1.2', '1.3'])('speaks TLS %s, and nothing older', async (version) => {
    const { place } = await endpoint({ protocol: 'https' });
    const url = urlOf(place, '', 'https');
    expect(await curlAs(place, [`--tlsv${version}`, '--tls-max', version, url])).toMatchObject({ code: 0 });
    expect((await curlAs(place, ['--tls-max', '1.1', url])).code).toBe(35);
  });

  it('shows the certificate of the config, or one of its own that it keeps', async () => {
    const directory = await scratch();
    writeCertificate(directory, 'localhost', ['-addext', 'subjectAltName=IP:127.0.0.1']);
    const [certificate, key] = [join(directory, 'localhost.crt'), join(directory, 'localhost.key')];
    const { place, lines } = await endpoint({ protocol: 'https', certificate, key });
    const url = urlOf(place, '', 'https');
    const trusting = ['-q', '-sS', '-u', 'acme:secret', '--fail-with-body', '--cacert', certificate, url];
    expect(await program('curl', trusting)).toMatchObject({ code: 0 });
    expect(lines.join('\n')).toContain(fingerprintOf(await readFile(certificate, 'utf8')));
    const own = await endpoint({ protocol: 'https' });
    expect(own.lines.join('\n')).toMatch(/https endpoint open.*"certificate":"sha256:/);
  });

  it('knows a client by its certificate, where the channel lists it and a CA has issued it', async () => {
    const directory = await scratch();
    for (const name of ['known', 'other', 'foreign']) writeCertificate(directory, name);
    const pem = (name: string) => readFile(join(directory, `${name}.crt`), 'utf8');
    const [known, other, foreign] = [await pem('known'), await pem('other'), await pem('foreign')];
    const clientCa = join(directory, 'ca.crt');
    await writeFile(clientCa, known + other);
    const settings = { protocol: 'https', clientCa };
    const { memory, place } = await endpoint(
      settings,
      [known, foreign].map((each) => fingerprintOf(each)),
    );
    const showing = (name: string) => ['-E', join(directory, `${name}.crt`), '--key', join(directory, `${name}.key`)];
    const url = urlOf(place, 'a', 'https');
    expect(await curl([...showing('known'), '-T', clientCa, url])).toMatchObject({ code: 0 });
    for (const name of ['other', 'foreign'])
      expect((await curl([...showing(name), '-T', clientCa, url])).text).toMatch(/"status":401/);
    expect(await curlAs(place, [...showing('other'), '-T', clientCa, url])).toMatchObject({ code: 0 });
    expect(memory.attempts.map((each) => each.kind)).toEqual(['clientCertificate', 'password']);
    expect(memory.completed).toHaveLength(2);
  });

  it('ends a handshake that does not come to its end', async () => {
    const { place } = await endpoint({ protocol: 'https', headerTimeout: '200ms' });
    const ran = await program('curl', ['-q', '-sS', `telnet://${place.host}:${place.port}`], { input: 'hello' });
    expect(ran.text).not.toContain('HTTP/1.1 2');
  });

  it('does not open with files that are no pair', async () => {
    const directory = await scratch();
    for (const name of ['one', 'two']) writeCertificate(directory, name);
    const certificate = join(directory, 'one.crt');
    await expect(endpoint({ protocol: 'https', certificate, key: join(directory, 'two.key') })).rejects.toThrow(
      /are not a certificate and its private key/,
    );
  });
});
