import { describe, expect, it } from 'vitest';
import { protocols } from '../../adapters/protocols.ts';
import { decodeConfig } from '../../domain/config.ts';

const mail = { from: 'us@here.example', to: ['orders@acme.example'] };
const channel = (protocol: string) => ({
  name: protocol,
  partner: { protocol, hosts: ['x'], login: 'us', ...(protocol.startsWith('smtp') ? mail : {}) },
});

const decoded = (profile: object) =>
  decodeConfig(
    {
      ...{ role: 'inner', node: 'inner-1', data: 'inner' },
      messageService: {
        ...{ ca: 'ca', certificate: 'crt', key: 'key' },
        peers: [{ node: 'dmz-1', fingerprint: `sha256:${'a'.repeat(64)}`, host: 'dmz' }],
      },
      channels: ['http', 'https', 'sftp', 'smtp', 'smtps'].map(channel),
      profiles: [{ name: 'one', ...profile }],
    },
    protocols,
  );

describe('a protocol over which files can only be sent', () => {
  it.each(['http', 'https', 'smtp', 'smtps'])('is none to fetch by, and the config says so: %s', (name) => {
    const agent = { kind: 'cron', schedule: '* * * * *', channel: name };
    const problem = `files can only be sent to the partner of ${name}: nothing can be fetched over ${name}`;
    expect(decoded({ agent })).toEqual({ _tag: 'Left', left: [{ path: 'profiles[0].agent.channel', problem }] });
  });

  it('is one to send by; and others are to fetch by', () => {
    expect(decoded({ responses: [{ kind: 'send', channel: 'https' }] })).toMatchObject({ _tag: 'Right' });
    const agent = { kind: 'cron', schedule: '* * * * *', channel: 'sftp' };
    expect(decoded({ agent })).toMatchObject({ _tag: 'Right' });
  });
});
