import { isRight } from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { replicatedChannel } from '../../domain/channel.ts';
import { memoryDmz } from '../support/memory-dmz.ts';

const attempt = (login: string, digit: string) => ({
  protocol: 'ftps',
  address: '192.0.2.1',
  login,
  proof: { kind: 'clientCertificate', fingerprint: `sha256:${digit.repeat(64)}` } as const,
});

describe('a client certificate at the door', () => {
  it('opens a session of the channel that lists it, and of no other', async () => {
    const { intake, stop } = await memoryDmz();
    const session = await intake.login(attempt('acme', 'a'))();
    expect(session).toMatchObject({ right: { channel: 'acme', login: 'acme' } });
    if (isRight(session)) await session.right.close();
    for (const wrong of [attempt('acme', 'b'), attempt('nobody', 'a')])
      expect(await intake.login(wrong)()).toMatchObject({ left: { reason: 'badCredentials' } });
    await stop();
  });

  it('is asked about before it is an attempt', async () => {
    const { intake, stop } = await memoryDmz();
    expect(await intake.wouldAccept(attempt('acme', 'a'))()).toMatchObject({ right: true });
    // More often than failed logins would be borne.
    for (let i = 0; i < 200; i += 1)
      expect(await intake.wouldAccept(attempt('acme', 'b'))()).toMatchObject({ right: false });
    await stop();
  });
});

describe('a channel that was recorded before there were client certificates', () => {
  it('has none', () => {
    const before = {
      name: 'a',
      login: 'a',
      publicKeys: [],
      temporaryNames: [],
      completeOn: 'close',
      markerSuffix: '.ok',
    };
    expect(replicatedChannel.parse({ ...before, maxSize: 1, maxSessions: 1 }).clientCertificates).toEqual([]);
  });
});
