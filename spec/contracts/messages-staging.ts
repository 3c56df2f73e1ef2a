/** How every message service stages a payload on dmz. */
import { createHash } from 'node:crypto';
import { type Either, left, right } from 'fp-ts/lib/Either.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Refusal, refusal } from '../../domain/failure.ts';
import type { PeerHandlers } from '../../domain/message.ts';
import type { PayloadRef } from '../../domain/payload.ts';
import {
  chunksOf,
  collect,
  failureOf,
  gate,
  key,
  linked,
  must,
  type Pair,
  parcelOf,
  startPair,
  stored,
} from '../support/message-pair.ts';

const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const refOf = (bytes: Uint8Array): PayloadRef => ({ key, size: bytes.length, sha256: sha256Of(bytes) });
const done: Either<Refusal, void> = right(undefined);
/** Bytes without an end, and whether their source was let go. */
const endless = () => {
  const { opened: released, open } = gate();
  const source: AsyncIterator<Uint8Array, undefined> = {
    next: () => Promise.resolve({ done: false, value: new Uint8Array(65_536) }),
    return: () => {
      open();
      return Promise.resolve({ done: true, value: undefined });
    },
  };
  return { released, bytes: { [Symbol.asyncIterator]: () => source } };
};

/** Runs this part of the contract on pairs that `make` makes. */
export const stagingContract = (name: string, make: () => Promise<Pair>): void => {
  describe(`staging, ${name}`, () => {
    let pair: Pair;
    beforeEach(async () => {
      pair = await make();
    });
    afterEach(() => pair.dispose());
    const started = (stage: PeerHandlers['stage']) => startPair(pair, { dmz: { stage } });

    it('puts 20 MB on dmz as they are, with their key, size and hash, and none at all', async () => {
      const seen: unknown[] = [];
      await started(async (from, payload, bytes) => {
        const whole = await collect(bytes);
        seen.push({ from, payload, got: { key, size: whole.length, sha256: sha256Of(whole) } });
        return done;
      });
      const bytes = Buffer.alloc(20_000_000, 'the quick brown fox jumps over it');
      for (const each of [bytes, new Uint8Array()]) {
        const payload = refOf(each);
        must(await pair.inner.stage('dmz1', payload, chunksOf(each, 300_007))());
        expect(seen.pop()).toEqual({ from: { role: 'inner', node: 'inner1' }, payload, got: payload });
      }
    });

    it('sends 200 MB while holding only a few of them', async () => {
      const chunk = new Uint8Array(65_536);
      const count = 3_200;
      const counts = { sent: 0, taken: 0, ahead: 0 };
      async function* source(): AsyncGenerator<Uint8Array> {
        for (let i = 0; i < count; i++) {
          counts.sent += chunk.length;
          counts.ahead = Math.max(counts.ahead, counts.sent - counts.taken);
          yield await Promise.resolve(chunk);
        }
      }
      await started(async (_from, _payload, bytes) => {
        for await (const each of bytes) counts.taken += each.length;
        return done;
      });
      must(await pair.inner.stage('dmz1', { key, size: count * chunk.length, sha256: sha256Of(chunk) }, source())());
      expect(counts.taken).toBe(count * chunk.length);
      expect(counts.ahead).toBeLessThan(48 * 1024 * 1024);
    });

    it('sends no further than the window while nobody reads', async () => {
      const enough = gate();
      let sent = 0;
      async function* source(): AsyncGenerator<Uint8Array> {
        for (; sent < 100_000_000; sent += 65_536) yield await Promise.resolve(new Uint8Array(65_536));
      }
      await started(async () => {
        await enough.opened;
        return left(refusal('busy', 'Not now.'));
      });
      const staging = pair.inner.stage('dmz1', { ...refOf(new Uint8Array()), size: 100_000_000 }, source())();
      // other requests pass it by meanwhile
      for (let i = 0; i < 100; i++) must(await pair.inner.events('dmz1', [parcelOf('inner1', i + 1)])());
      enough.open();
      expect(failureOf(await staging).code).toBe('busy');
      expect(sent).toBeLessThan(48 * 1024 * 1024);
    });

    it('stops sending when dmz has it already or refuses, however often, and stages the next one', async () => {
      const outcomes: readonly Either<Refusal, void>[] = [
        done,
        left(refusal('noSpace', 'The disk is full.')),
        left(refusal('illegal', 'There is another of this key.')),
      ];
      let next = 0;
      await started(async (_from, payload, bytes) => {
        if (payload.size < 1_000_000) {
          expect(sha256Of(await collect(bytes))).toBe(payload.sha256);
          return done;
        }
        const outcome = outcomes[next++ % outcomes.length] ?? done;
        // half of the time it has begun to read
        if (next % 2 === 0)
          for await (const chunk of bytes) {
            expect(chunk.length).toBeGreaterThan(0);
            break;
          }
        return outcome;
      });
      for (let i = 0; i < 4 * outcomes.length; i++) {
        const { released, bytes } = endless();
        const staged = await pair.inner.stage('dmz1', { key, size: 2 ** 40, sha256: '0'.repeat(64) }, bytes)();
        const wanted = outcomes[i % outcomes.length];
        if (wanted?._tag === 'Left')
          expect(failureOf(staged)).toMatchObject({ code: wanted.left.reason, text: wanted.left.text });
        else must(staged);
        await released;
      }
      const small = Buffer.alloc(900_000, 'x');
      must(await pair.inner.stage('dmz1', refOf(small), chunksOf(small, 9_000))());
    });

    it('takes no answer for late: a source that stops giving bytes keeps it from nobody', async () => {
      const never = gate();
      async function* source(): AsyncGenerator<Uint8Array> {
        yield new Uint8Array(10);
        await never.opened;
      }
      await started(() => Promise.resolve(left(refusal('notPermitted', 'It is not for here.'))));
      const staging = pair.inner.stage('dmz1', { ...refOf(new Uint8Array()), size: 20 }, source())();
      expect(failureOf(await staging)).toMatchObject({ lasting: 'permanent', code: 'notPermitted' });
      never.open();
    });

    it('fails where the source breaks, is too short or too long, shows dmz no part for the whole, and lives on', async () => {
      const reads: Promise<unknown>[] = [];
      await started(async (_from, _payload, bytes) => {
        const read = collect(bytes);
        reads.push(
          read.then(
            () => 'whole',
            () => 'broke off',
          ),
        );
        await read;
        return done;
      });
      async function* breaks(): AsyncGenerator<Uint8Array> {
        yield await Promise.resolve(new Uint8Array(1_000));
        throw new Error('disk');
      }
      const payload = { key, size: 5_000, sha256: '0'.repeat(64) };
      const fails = async (source: AsyncIterable<Uint8Array>) =>
        expect(failureOf(await pair.inner.stage('dmz1', payload, source)())).toMatchObject({ lasting: 'temporary' });
      await fails(breaks());
      await fails(chunksOf(new Uint8Array(4_999), 100));
      expect(await Promise.all(reads)).toEqual(['broke off', 'broke off']);
      await fails(chunksOf(new Uint8Array(5_001), 100));
      expect(must(await pair.inner.events('dmz1', [parcelOf('inner1', 1)])())).toEqual([stored]);
    });

    it('fails on both sides when the link is cut in the middle, and stages again once it is mended', async () => {
      const { opened: reading, open } = gate();
      const { opened: told, open: tell } = gate();
      let broke = 0;
      await started(async (_from, payload, bytes) => {
        if (payload.size < 1_000_000) {
          await collect(bytes);
          return done;
        }
        try {
          for await (const chunk of bytes) if (chunk.length > 0) open();
        } catch {
          broke++;
          tell();
        }
        return left(refusal('unavailable', 'It broke off.'));
      });
      const { bytes, released } = endless();
      const staging = pair.inner.stage('dmz1', { key, size: 2 ** 40, sha256: '0'.repeat(64) }, bytes)();
      await reading;
      pair.cut();
      expect(failureOf(await staging)).toMatchObject({ lasting: 'temporary', code: 'linkBroken' });
      await Promise.all([told, released]);
      expect(broke).toBe(1);
      const again = refOf(Buffer.from('again'));
      expect(failureOf(await pair.inner.stage('dmz1', again, chunksOf(Buffer.from('again'), 2))()).code).toBe('noLink');
      pair.mend();
      await Promise.all([linked(pair.inner, true), linked(pair.dmz, true)]);
      must(await pair.inner.stage('dmz1', again, chunksOf(Buffer.from('again'), 2))());
    });

    it('is not for a dmz to ask', async () => {
      let asked = 0;
      await startPair(pair, {
        inner: {
          stage: () => {
            asked++;
            return Promise.resolve(done);
          },
        },
      });
      const bytes = Buffer.from('hello');
      const staging = pair.dmz.stage('inner1', refOf(bytes), chunksOf(bytes, 2));
      expect(failureOf(await staging())).toMatchObject({ lasting: 'permanent', code: 'notPermitted' });
      expect(asked).toBe(0);
    });
  });
};
