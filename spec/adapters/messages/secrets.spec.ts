import { left, right } from 'fp-ts/lib/Either.js';
import { afterEach, describe, expect, it } from 'vitest';
import { refusal } from '../../../domain/failure.ts';
import type { PeerHandlers } from '../../../domain/message.ts';
import type { PartnerAccess } from '../../../domain/partner.ts';
import { failureOf, type Pair, startPair } from '../../support/message-pair.ts';
import { keysOf, logOf, realPair } from './world.ts';

const keys = await keysOf([
  { role: 'inner', node: 'inner1', hosts: [] },
  { role: 'dmz', node: 'dmz1', hosts: [] },
]);
const credentials = { password: 'open sesame' };

describe('the secrets of a partner', () => {
  let pair: Pair;
  afterEach(() => pair.dispose());

  it('reach no log and no error text, whatever goes wrong with them', async () => {
    const { log, lines } = logOf();
    pair = await realPair('pushback', keys, { log });
    const answers: PeerHandlers['partner'][] = [
      () => {
        throw new TypeError('no open sesame');
      },
      () => Promise.reject(new Error('no open sesame')),
      // not understood by the one who asked
      () => Promise.resolve(right({ credentials } as never)),
      // not what was asked for
      () => Promise.resolve(right({ ...access, channel: 'other' })),
      () => Promise.resolve(right({ ...access, settings: () => 'open sesame' })),
      () => Promise.resolve(left(refusal('notFound', 'There is no such channel.'))),
    ];
    await startPair(pair, { inner: { partner: (from, channel) => (answers.shift() ?? missing)(from, channel) } });
    const codes: string[] = [];
    while (answers.length > 0) {
      const failure = failureOf(await pair.dmz.partner('inner1', 'acme')());
      codes.push(failure.code);
      expect(failure.text).not.toContain('sesame');
    }
    expect(codes).toEqual(['peerFailed', 'peerFailed', 'badAnswer', 'badAnswer', 'peerFailed', 'notFound']);
    expect(lines.some(({ message }) => message.includes('the access could not be given (TypeError)'))).toBe(true);
    expect(JSON.stringify(lines)).not.toContain('sesame');
  });
});

const access: PartnerAccess = {
  channel: 'acme',
  protocol: 'sftp',
  settings: {},
  hosts: ['sftp.acme.example'],
  login: 'sally',
  credentials,
  trusted: [],
  sending: { temporaryName: '.{id}.part', ifExists: 'hold', onUnknownOutcome: 'hold' },
};
const missing: PeerHandlers['partner'] = () => Promise.reject(new Error('asked too often'));
