import { right } from 'fp-ts/lib/Either.js';
import { afterEach, describe, expect, it } from 'vitest';
import type { PeerHandlers } from '../../../domain/message.ts';
import { failureOf, handlers, linked, must, type Pair, parcelOf } from '../../support/message-pair.ts';
import { clockOf, keysOf, realPair } from './world.ts';

const keys = await keysOf([
  { role: 'inner', node: 'inner1', hosts: [] },
  { role: 'dmz', node: 'dmz1', hosts: [] },
]);
const never = new Promise<never>(() => undefined);

describe('a peer that lives and does not answer', () => {
  let pair: Pair;
  afterEach(() => pair.dispose());
  const started = async (dmz: Partial<PeerHandlers>) => {
    pair = await realPair('pushback', keys, { clock: clockOf(30) });
    must(await pair.dmz.start(handlers(dmz))());
    must(await pair.inner.start(handlers())());
    await linked(pair.inner, true);
  };

  it('is waited for 30 s, and the link stays up', async () => {
    await started({ events: () => never });
    const failure = failureOf(await pair.inner.events('dmz1', [parcelOf('inner1', 1)])());
    expect(failure).toMatchObject({ lasting: 'temporary', code: 'timeout', text: 'dmz1 did not answer within 30 s.' });
    expect(pair.inner.links()[0]?.up).toBe(true);
  });

  it('ends a payload after 30 s without a byte', async () => {
    async function* source(): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(10);
      await never;
    }
    await started({ payload: () => Promise.resolve(right({ size: 20, bytes: source() })) });
    const { bytes } = must(await pair.inner.payload('dmz1', 'dmz1.a', 0)());
    let got = 0;
    const read = async () => {
      for await (const chunk of bytes) got += chunk.length;
    };
    await expect(read()).rejects.toThrow(/broke off after 10 of 20 bytes: no byte within 30 s/);
    expect(got).toBe(10);
  });

  it('is waited for 120 s where it lists a directory, and the link stays up', async () => {
    await started({ list: () => never });
    const failure = failureOf(await pair.inner.list('dmz1', { channel: 'acme', directory: '/out' })());
    expect(failure).toMatchObject({ lasting: 'temporary', code: 'timeout', text: 'dmz1 did not answer within 120 s.' });
    expect(pair.inner.links()[0]?.up).toBe(true);
  });

  it('ends a staging after 30 s without a byte taken, on both sides, and not before', async () => {
    const clock = clockOf(30);
    const slow = (milliseconds: number) => new Promise<void>((resolve) => clock.after(milliseconds, resolve));
    let broke: (error: unknown) => void = () => undefined;
    const told = new Promise<unknown>((resolve) => {
      broke = resolve;
    });
    const got = { bytes: 0 };
    await started({
      stage: async (_from, _payload, bytes) => {
        try {
          for await (const chunk of bytes) got.bytes += chunk.length;
        } catch (error) {
          broke(error);
          throw error;
        }
        return right(undefined);
      },
    });
    async function* source(): AsyncGenerator<Uint8Array> {
      for (let i = 0; i < 4; i++) {
        await slow(15_000);
        yield new Uint8Array(10);
      }
      await never;
    }
    const payload = { key: 'dmz1.a', size: 50, sha256: '0'.repeat(64) };
    expect(failureOf(await pair.inner.stage('dmz1', payload, source())())).toMatchObject({
      lasting: 'temporary',
      code: 'timeout',
      text: 'dmz1 neither took a byte nor answered within 30 s.',
    });
    expect(String(await told)).toMatch(/broke off after 40 of 50 bytes/);
    expect(got.bytes).toBe(40);
  });

  it('gets its payload back that nobody begins to read', async () => {
    let free: () => void = () => undefined;
    const freed = new Promise<void>((resolve) => {
      free = resolve;
    });
    async function* source(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield await Promise.resolve(new Uint8Array(65_536));
      } finally {
        free();
      }
    }
    await started({ payload: () => Promise.resolve(right({ size: 2 ** 40, bytes: source() })) });
    must(await pair.inner.payload('dmz1', 'dmz1.a', 0)());
    await freed;
  });
});
