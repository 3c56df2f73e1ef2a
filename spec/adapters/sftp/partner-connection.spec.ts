import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { sftpPartner } from '../../../adapters/sftp/client.ts';
import { partnerConnectionContract } from '../../contracts/partner-connection.ts';
import { manualClock } from '../../support/manual-clock.ts';
import { failureOf, succeeded } from '../../support/outcome.ts';
import { startProftpd, startSshd } from '../../support/partner-servers.ts';
import { wiresTo } from '../../support/partner-wires.ts';
import { contextWith, placeAt } from '../../support/real-partner.ts';
import { until } from '../../support/until.ts';

const settings = { protocol: 'sftp' };

partnerConnectionContract('sshd of OpenSSH', startSshd, sftpPartner, settings, 'host key');
partnerConnectionContract(
  'proftpd with mod_sftp',
  () => startProftpd({ sftp: true }),
  sftpPartner,
  settings,
  'host key',
);

it('an upload over SFTP holds no more than 4 MiB that the server has not confirmed', async () => {
  const server = await startSshd();
  try {
    const wires = await wiresTo(server);
    const clock = manualClock(Date.now());
    const session = await succeeded(
      sftpPartner.connect(settings, placeAt(server, { host: wires.host }), contextWith({ clock })),
    );
    let taken = 0;
    const bytes = async function* () {
      await Promise.resolve();
      for (; taken < 64 * 1024 * 1024; taken += 65_536) {
        if (taken === 1024 * 1024) wires.freeze();
        yield randomBytes(65_536);
      }
    };
    const writing = failureOf(session.write(`${server.root}/a.bin`, bytes()));
    await until('it takes what it may', () => taken > 1.9 * 1024 * 1024);
    clock.advance(60_000);
    expect(await writing).toMatchObject({ code: 'timeout' });
    expect(taken).toBeLessThan(5 * 1024 * 1024);
  } finally {
    await server.stop();
  }
});
