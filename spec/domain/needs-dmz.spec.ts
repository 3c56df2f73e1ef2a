import { isLeft } from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { decodeConfig, warningsOf } from '../../domain/config.ts';

const inner = (more: object = {}, peers: readonly object[] = []) =>
  decodeConfig(
    {
      ...{ role: 'inner', node: 'inner', data: '/d', ...more },
      messageService: { ca: '/ca', certificate: '/c', key: '/k', peers },
      channels: [{ name: 'acme', login: 'acme', publicKeys: ['ssh-ed25519 AAAA'] }],
      profiles: [
        { name: 'in', responses: [{ kind: 'file', directory: '/out' }] },
        {
          name: 'out',
          responses: [
            { kind: 'provide', channel: 'acme' },
            { kind: 'send', channel: 'acme' },
          ],
        },
        { name: 'self', responses: [{ kind: 'send', channel: 'acme', viaDmz: false }] },
        { name: 'get', agent: { kind: 'cron', schedule: '* * * * *', channel: 'acme' } },
      ],
    },
    [],
  );
const paths = ['profiles[1].responses[0]', 'profiles[1].responses[1]', 'profiles[3].agent'];

describe('an inner without a dmz', () => {
  it('is wrong where a profile needs one', () => {
    const decoded = inner();
    expect(isLeft(decoded) && decoded.left.map(({ path }) => path)).toEqual(paths);
    expect(isLeft(decoded) && decoded.left[0]?.problem).toMatch(/ignoreDmzSettings/);
  });

  it('is accepted with ignoreDmzSettings, with a warning for each', () => {
    const decoded = inner({ ignoreDmzSettings: true });
    if (isLeft(decoded)) throw new Error(JSON.stringify(decoded.left));
    expect(warningsOf(decoded.right).map(({ path }) => path)).toEqual(paths);
  });

  it('has no warning where there is a dmz', () => {
    const peer = { node: 'dmz', fingerprint: `sha256:${'0'.repeat(64)}`, host: 'dmz' };
    const decoded = inner({ ignoreDmzSettings: true }, [peer]);
    if (isLeft(decoded)) throw new Error(JSON.stringify(decoded.left));
    expect(warningsOf(decoded.right)).toEqual([]);
  });
});
