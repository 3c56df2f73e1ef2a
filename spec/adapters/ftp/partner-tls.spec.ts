/** What FTPS adds: whose certificate is accepted, and TLS sessions over hundreds of data connections. */
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { ftpPartner, ftpsPartner } from '../../../adapters/ftp/client.ts';
import { systemClock } from '../../../adapters/shared/clock.ts';
import type { PartnerPlace, PartnerSession } from '../../../domain/partner.ts';
import { bytesOf, failureOf, inPieces, succeeded } from '../../support/outcome.ts';
import { type PartnerServer, startProftpd, startVsftpd } from '../../support/partner-servers.ts';
import { wiresTo } from '../../support/partner-wires.ts';
import { contextWith, placeAt } from '../../support/real-partner.ts';

const day = 86_400_000;

describe('the certificate of an FTPS server', () => {
  let server: PartnerServer;
  beforeAll(async () => {
    server = await startVsftpd({ tls: 'explicit' });
  });
  afterAll(() => server.stop());
  const come = (settings: object, place: Partial<PartnerPlace> = {}, later = 0) =>
    ftpsPartner.connect(
      { protocol: 'ftps', ...settings },
      placeAt(server, place),
      contextWith({ clock: { ...systemClock(), now: () => Date.now() + later } }),
    );

  it('is refused once it has expired, and before it is valid, also when a person approved it', async () => {
    const expired = await failureOf(come({}, {}, 60 * day));
    expect(expired).toMatchObject({ lasting: 'permanent', code: 'untrusted' });
    expect(expired.text).toMatch(/expired on \d{4}-\d\d-\d\d; the partner must renew it/);
    expect((await failureOf(come({}, {}, -60 * day))).text).toMatch(/is valid from \d{4}-\d\d-\d\d only/);
  });

  it('is taken on the word of an authority for the host name, and not for another', async () => {
    const authority = { verify: 'authority' };
    const named = { trusted: [], credentials: { ...server.credentials, authorities: server.certificate } };
    const session = await succeeded(come(authority, { ...named, host: 'localhost' }));
    expect((await succeeded(session.list(server.root))).files).toEqual([]);
    await session.close();
    const { host } = await wiresTo(server);
    expect((await failureOf(come(authority, { ...named, host }))).text).toMatch(/ALTNAME/);
    const unknown = await failureOf(come(authority, { trusted: server.trusted }));
    expect(unknown).toMatchObject({ lasting: 'permanent', code: 'untrusted' });
    expect(unknown.text).toMatch(/no authority vouches/);
  });

  it('is asked for: a server without TLS is refused, and one that wants TLS says so to plain FTP', async () => {
    const plain = await startProftpd();
    onTestFinished(() => plain.stop());
    for (const mode of ['explicit', 'implicit'])
      expect(
        await failureOf(ftpsPartner.connect({ protocol: 'ftps', mode }, placeAt(plain), contextWith())),
      ).toMatchObject({ lasting: 'permanent', code: 'insecure' });
    expect(await failureOf(ftpPartner.connect({ protocol: 'ftp' }, placeAt(server), contextWith()))).toMatchObject({
      lasting: 'permanent',
      code: 'insecure',
    });
  });
});

it('the standard port follows the mode, whatever else a partner section says', () => {
  const common = { hosts: ['ftp.example.org'], login: 'acme' };
  expect(ftpsPartner.port({ protocol: 'ftps', ...common })).toBe(21);
  expect(ftpsPartner.port({ protocol: 'ftps', mode: 'implicit', ...common })).toBe(990);
  expect(ftpsPartner.settings.safeParse({ protocol: 'ftps', more: 1 }).success).toBe(false);
});

describe('TLS sessions of data connections are resumed', () => {
  const hundreds = async (server: PartnerServer, mode: string): Promise<void> => {
    onTestFinished(() => server.stop());
    const settings = { protocol: 'ftps', mode };
    const session: PartnerSession = await succeeded(ftpsPartner.connect(settings, placeAt(server), contextWith()));
    const bytes = randomBytes(20_000);
    await writeFile(join(server.disk, 'b.bin'), bytes);
    await server.own(join(server.disk, 'b.bin'));
    for (let i = 0; i < 100; i += 1) {
      await succeeded(session.write(`${server.root}/a.bin`, inPieces(bytes)));
      expect((await bytesOf(await succeeded(session.read(`${server.root}/b.bin`, 0)))).equals(bytes)).toBe(true);
      expect((await succeeded(session.list(server.root))).files).toHaveLength(2);
    }
    await session.close();
  };

  it.each(['explicit', 'implicit'] as const)('three hundred times by vsftpd, which insists, %s', async (mode) => {
    await hundreds(await startVsftpd({ tls: mode }), mode);
  });

  it.each([
    ['1.2', 'explicit'],
    ['1.2', 'implicit'],
    ['1.3', 'explicit'],
    ['1.3', 'implicit'],
  ] as const)('three hundred times by proftpd, which insists, over TLS %s, %s', async (version, mode) => {
    await hundreds(await startProftpd({ tls: mode, version }), mode);
  });
});
