import { isLeft } from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { smtp, smtps } from '../../../adapters/smtp/index.ts';
import { decodeConfig } from '../../../domain/config.ts';
import { mailbox, sender } from './clients.ts';

const peers = [{ node: 'dmz', fingerprint: `sha256:${'0'.repeat(64)}`, host: 'dmz.example' }];
const problems = (channels: readonly object[]) => {
  const messageService = { ca: '/ca', certificate: '/c', key: '/k', peers };
  const raw = { role: 'inner', node: 'inner', data: '/d', messageService, channels };
  const decoded = decodeConfig(raw, [smtp, smtps]);
  return isLeft(decoded) ? decoded.left.map(({ path, problem }) => `${path}: ${problem}`) : [];
};
const partner = { protocol: 'smtp', hosts: ['mx.acme.example'], from: sender, to: [mailbox] };

describe('the config of mail', () => {
  it('is a channel with addresses, with or without a login, and a partner without one', () => {
    expect(
      problems([
        { name: 'a', mail: { recipients: [mailbox] } },
        { name: 'b', partner },
      ]),
    ).toEqual([]);
  });

  it('refuses a login at whichever server the DNS names', () => {
    const named = { ...partner, lookup: 'mx', hosts: ['acme.example'] };
    expect(problems([{ name: 'a', partner: { ...named, login: 'us' } }])).toEqual([
      expect.stringMatching(/^channels\[0\]\.partner: a login does not go with lookup: mx/),
    ]);
    expect(
      problems([
        { name: 'a', partner: named },
        { name: 'b', partner: { ...partner, login: 'us' } },
      ]),
    ).toEqual([]);
  });

  it('says where an address is named twice, is none, or a login is wanted that nobody has', () => {
    const mail = { recipients: [mailbox] };
    expect(
      problems([
        { name: 'a', mail },
        { name: 'b', mail },
      ]),
    ).toEqual([`channels[1].mail.recipients[0]: ${mailbox} is an address of channel a already`]);
    expect(problems([{ name: 'a', mail: { recipients: ['orders'] } }])).toEqual([
      expect.stringMatching(/^channels\[0\]\.mail\.recipients\[0\]: write an address such as/),
    ]);
    expect(problems([{ name: 'a', mail: { ...mail, needsLogin: true } }])).toEqual([
      expect.stringContaining('give a login, too'),
    ]);
    expect(problems([{ name: 'a', mail: { ...mail, policy: { spf: 'reject' } } }])).toEqual([
      expect.stringMatching(/^channels\[0\]\.mail\.policy\.spf: .*"off"\|"record"\|"require"/),
    ]);
    const listener = { protocol: 'smtp', dns: { servers: ['dns.example'] } };
    const judged = smtp.settings.safeParse(listener);
    expect(judged.error?.issues.map(({ message }) => message)).toEqual([
      expect.stringContaining('write an IP address, or one with a port'),
    ]);
    expect(problems([{ name: 'a', mail: { ...mail, addresses: ['example.org'] } }])).toEqual([
      expect.stringContaining('write an IP address, or a network'),
    ]);
  });
});
