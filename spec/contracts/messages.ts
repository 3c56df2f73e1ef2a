/** What every message service does, run on each pair of ends. */

import { left, right } from 'fp-ts/lib/Either.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Segment } from '../../domain/chain.ts';
import { refusal } from '../../domain/failure.ts';
import type { Command, ParcelAnswer, Peer, PeerHandlers } from '../../domain/message.ts';
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
import { someSegments } from '../support/sealed-log.ts';
import { partnersContract } from './messages-partners.ts';
import { stagingContract } from './messages-staging.ts';
import { throughContract } from './messages-through.ts';

const release: Command = {
  transfer: parcelOf('dmz1', 1).transfer,
  order: 'release',
  reason: 'mended',
  by: { login: 'ann' },
};

/** Runs the contract on pairs that `make` makes. */
export const messagesContract = (name: string, make: () => Promise<Pair>): void => {
  stagingContract(name, make);
  partnersContract(name, make);
  throughContract(name, make);
  describe(`the message service, ${name}`, () => {
    let pair: Pair;
    beforeEach(async () => {
      pair = await make();
    });
    afterEach(() => pair.dispose());

    const started = (own?: Parameters<typeof startPair>[1]) => startPair(pair, own);

    it('names the peer and says that the link is up on both sides', async () => {
      expect(pair.inner.links()).toEqual([{ role: 'dmz', node: 'dmz1', up: false }]);
      await started();
      expect(pair.inner.links()).toEqual([{ role: 'dmz', node: 'dmz1', up: true }]);
      expect(pair.dmz.links()).toEqual([{ role: 'inner', node: 'inner1', up: true }]);
    });

    it('carries events and small payloads both ways, and says from whom', async () => {
      const seen: unknown[] = [];
      const note: PeerHandlers['events'] = (from, parcels) => {
        seen.push([from, parcels]);
        return Promise.resolve(parcels.map(() => stored));
      };
      await started({ inner: { events: note }, dmz: { events: note } });
      const bytes = new Uint8Array([0, 1, 254, 255]);
      must(await pair.dmz.events('inner1', [parcelOf('dmz1', 1, bytes), parcelOf('dmz1', 2)])());
      must(await pair.inner.events('dmz1', [parcelOf('inner1', 1, bytes)])());
      expect(seen).toEqual([
        [{ role: 'dmz', node: 'dmz1' }, [parcelOf('dmz1', 1, bytes), parcelOf('dmz1', 2)]],
        [{ role: 'inner', node: 'inner1' }, [parcelOf('inner1', 1, bytes)]],
      ]);
    });

    it('gives one answer a parcel, in order', async () => {
      const answers: readonly ParcelAnswer[] = [
        { result: 'stored', events: [parcelOf('inner1', 1).event] },
        { result: 'later', text: 'a gap', expected: 7 },
        { result: 'refused', text: 'it is not yours' },
      ];
      await started({ inner: { events: () => Promise.resolve(answers) } });
      const batch = [1, 2, 3].map((n) => parcelOf('dmz1', n));
      expect(must(await pair.dmz.events('inner1', batch)())).toEqual(answers);
    });

    it('answers 200 batches at the same time', async () => {
      await started({
        inner: {
          events: (_from, parcels) =>
            Promise.resolve(parcels.map((each) => ({ result: 'refused', text: String(each.event.meta.originSeq) }))),
        },
      });
      const payload = new Uint8Array(100_000);
      const batches = Array.from({ length: 200 }, (_, n) => [parcelOf('dmz1', n + 1, payload)]);
      const answers = await Promise.all(batches.map((batch) => pair.dmz.events('inner1', batch)()));
      expect(answers.map((each) => must(each)[0])).toEqual(
        batches.map((_, n) => ({ result: 'refused', text: String(n + 1) })),
      );
    });

    it('gives a payload whole, from a byte on, and from its end', async () => {
      const bytes = new Uint8Array(300_000).map((_, i) => i % 251);
      await started({
        dmz: {
          payload: (_from, asked, start) => {
            expect(asked).toBe(key);
            return Promise.resolve(right({ size: bytes.length, bytes: chunksOf(bytes.subarray(start), 7_000) }));
          },
        },
      });
      for (const start of [0, 123_456, bytes.length]) {
        const given = must(await pair.inner.payload('dmz1', key, start)());
        expect(given.size).toBe(bytes.length);
        expect((await collect(given.bytes)).equals(bytes.subarray(start))).toBe(true);
      }
    });

    it('gives 200 MB while holding only a few of them', async () => {
      const chunk = new Uint8Array(65_536);
      const count = 3_200;
      let sent = 0;
      let taken = 0;
      let ahead = 0;
      async function* source(): AsyncGenerator<Uint8Array> {
        for (let i = 0; i < count; i++) {
          sent += chunk.length;
          ahead = Math.max(ahead, sent - taken);
          yield await Promise.resolve(chunk);
        }
      }
      await started({
        dmz: { payload: () => Promise.resolve(right({ size: count * chunk.length, bytes: source() })) },
      });
      const before = process.memoryUsage.rss();
      let most = before;
      for await (const each of must(await pair.inner.payload('dmz1', key, 0)()).bytes) {
        taken += each.length;
        if (taken % 1_000 === 0) most = Math.max(most, process.memoryUsage.rss());
      }
      expect(taken).toBe(count * chunk.length);
      expect(ahead).toBeLessThan(48 * 1024 * 1024);
      expect(most - before).toBeLessThan(128 * 1024 * 1024);
    });

    it('throws to the reader where the source of a payload breaks, and lives on', async () => {
      async function* source(): AsyncGenerator<Uint8Array> {
        yield await Promise.resolve(new Uint8Array(1_000));
        throw new Error('disk');
      }
      await started({ dmz: { payload: () => Promise.resolve(right({ size: 5_000, bytes: source() })) } });
      const { bytes } = must(await pair.inner.payload('dmz1', key, 0)());
      await expect(collect(bytes)).rejects.toThrow();
      expect(must(await pair.inner.events('dmz1', [parcelOf('inner1', 1)])())).toEqual([stored]);
    });

    it('lets the source of a payload go when its reader stops', async () => {
      const { opened: released, open } = gate();
      async function* source(): AsyncGenerator<Uint8Array> {
        try {
          for (;;) yield await Promise.resolve(new Uint8Array(65_536));
        } finally {
          open();
        }
      }
      await started({ dmz: { payload: () => Promise.resolve(right({ size: 2 ** 40, bytes: source() })) } });
      for await (const chunk of must(await pair.inner.payload('dmz1', key, 0)()).bytes) {
        expect(chunk.length).toBeGreaterThan(0);
        break;
      }
      await released;
    });

    it('takes refusals as permanent failures with their words, and those that pass as temporary', async () => {
      const refusals = [
        refusal('illegal', 'It has ended.'),
        refusal('busy', 'Not now.'),
        refusal('unavailable', 'Soon.'),
      ];
      await started({ dmz: { command: () => Promise.resolve(left(refusals.shift() ?? refusal('invalid', ''))) } });
      const give = async () => failureOf(await pair.inner.command('dmz1', release)());
      expect(await give()).toMatchObject({ lasting: 'permanent', code: 'illegal', text: 'It has ended.' });
      expect(await give()).toMatchObject({ lasting: 'temporary', code: 'busy', text: 'Not now.' });
      expect(await give()).toMatchObject({ lasting: 'temporary', code: 'unavailable', text: 'Soon.' });
      expect(failureOf(await pair.inner.payload('dmz1', key, 0)())).toMatchObject({
        lasting: 'permanent',
        code: 'notFound',
        text: 'There is no such payload.',
      });
    });

    it('carries commands and channels as they are', async () => {
      const seen: unknown[] = [];
      const note = (from: unknown, what: unknown) => {
        seen.push(from, what);
        return Promise.resolve(right(undefined));
      };
      const held = { node: 'inner1', epoch: 'e1', counter: 3, digest: 'd', proof: 'p' };
      const update = { ...held, base: null, part: 0, parts: 1, channels: [], removed: ['acme'], signature: 's' };
      const take: PeerHandlers['channels'] = (from, what) => {
        seen.push(from, what);
        return Promise.resolve(right({ held, wantsAll: what === undefined }));
      };
      await started({ inner: { command: note }, dmz: { channels: take } });
      must(await pair.dmz.command('inner1', release)());
      expect(must(await pair.inner.channels('dmz1', update)())).toEqual({ held, wantsAll: false });
      expect(must(await pair.inner.channels('dmz1')())).toEqual({ held, wantsAll: true });
      const inner = { role: 'inner', node: 'inner1' };
      expect(seen).toEqual([{ role: 'dmz', node: 'dmz1' }, release, inner, update, inner, undefined]);
    });

    it('carries tickets, and the refusal of one', async () => {
      const ticket = 'x'.repeat(64);
      await started({
        dmz: {
          ticket: (from, asked) =>
            Promise.resolve(
              from.node === 'inner1' && asked === key ? right(ticket) : left(refusal('notFound', 'None.')),
            ),
        },
      });
      expect(must(await pair.inner.ticket('dmz1', key)())).toBe(ticket);
      expect(failureOf(await pair.inner.ticket('dmz1', 'dmz1.abd')())).toMatchObject({ code: 'notFound' });
    });

    it('carries segments of dmz to inner, and never the other way', async () => {
      const seen: unknown[] = [];
      const take = (from: Peer, segments: readonly Segment[]) => {
        seen.push(from, segments);
        return Promise.resolve(right({ have: 7, hash: 'a'.repeat(64) }));
      };
      await started({ inner: { segments: take }, dmz: { segments: take } });
      const [told] = await someSegments('dmz1');
      const answer = { have: 7, hash: 'a'.repeat(64) };
      expect(must(await pair.dmz.segments('inner1', told === undefined ? [] : [told])())).toEqual(answer);
      expect(must(await pair.dmz.segments('inner1', [])())).toEqual(answer);
      const dmz = { role: 'dmz', node: 'dmz1' };
      expect(seen).toEqual([dmz, [told], dmz, []]);
      expect(failureOf(await pair.inner.segments('dmz1', [])())).toMatchObject({ code: 'notPermitted' });
    });

    it('refuses what the role of the asker may not ask', async () => {
      let asked = 0;
      await started({
        inner: {
          payload: () => {
            asked++;
            return Promise.resolve(right({ size: 0, bytes: chunksOf(new Uint8Array(), 1) }));
          },
          channels: () => {
            asked++;
            return Promise.resolve(right({ wantsAll: false }));
          },
        },
      });
      for (const attempt of [
        pair.dmz.payload('inner1', 'inner1.abc', 0),
        pair.dmz.ticket('inner1', 'inner1.abc'),
        pair.dmz.channels('inner1'),
      ])
        expect(failureOf(await attempt())).toMatchObject({ lasting: 'permanent', code: 'notPermitted' });
      expect(asked).toBe(0);
    });

    it('fails permanently for a message that is too large, and for a peer that it does not know', async () => {
      let asked = 0;
      await started({
        inner: {
          events: () => {
            asked++;
            return Promise.resolve([stored]);
          },
        },
      });
      const large = parcelOf('dmz1', 1, new Uint8Array(1_100_000));
      expect(failureOf(await pair.dmz.events('inner1', [large])())).toMatchObject({
        lasting: 'permanent',
        code: 'tooLarge',
      });
      expect(failureOf(await pair.dmz.events('inner7', [parcelOf('dmz1', 1)])()).code).toBe('unknownPeer');
      expect(asked).toBe(0);
    });

    it('outlives a handler that throws', async () => {
      let bad = true;
      await started({
        inner: {
          events: () => {
            if (bad) throw new Error('a secret detail');
            return Promise.resolve([stored]);
          },
        },
      });
      const failure = failureOf(await pair.dmz.events('inner1', [parcelOf('dmz1', 1)])());
      expect(failure).toMatchObject({ lasting: 'temporary', code: 'peerFailed' });
      expect(failure.text).not.toContain('secret');
      bad = false;
      expect(must(await pair.dmz.events('inner1', [parcelOf('dmz1', 1)])())).toEqual([stored]);
    });

    it('tells both sides when the link goes down and when it is up again', async () => {
      await started();
      const seen: string[] = [];
      pair.inner.onLink((state) => seen.push(`inner sees ${state.node} ${state.up ? 'up' : 'down'}`));
      pair.dmz.onLink((state) => seen.push(`dmz sees ${state.node} ${state.up ? 'up' : 'down'}`));
      pair.cut();
      await Promise.all([linked(pair.inner, false), linked(pair.dmz, false)]);
      for (const asked of [pair.inner.events('dmz1', [parcelOf('inner1', 1)]), pair.inner.payload('dmz1', key, 0)])
        expect(failureOf(await asked())).toMatchObject({ lasting: 'temporary', code: 'noLink' });
      expect(failureOf(await pair.dmz.command('inner1', release)())).toMatchObject({ code: 'noLink' });
      pair.mend();
      await Promise.all([linked(pair.inner, true), linked(pair.dmz, true)]);
      expect(must(await pair.dmz.events('inner1', [parcelOf('dmz1', 1)])())).toEqual([stored]);
      expect([...seen].sort()).toEqual([
        'dmz sees inner1 down',
        'dmz sees inner1 up',
        'inner sees dmz1 down',
        'inner sees dmz1 up',
      ]);
    });

    it('fails at once what was on its way when the link broke', async () => {
      const asked = gate();
      const never = gate();
      await started({
        inner: {
          events: async () => {
            asked.open();
            await never.opened;
            return [stored];
          },
        },
      });
      const answer = pair.dmz.events('inner1', [parcelOf('dmz1', 1)])();
      await asked.opened;
      pair.cut();
      expect(failureOf(await answer)).toMatchObject({ lasting: 'temporary', code: 'linkBroken' });
      never.open();
    });

    it('throws to the reader of a payload when the link breaks', async () => {
      const never = gate();
      async function* source(): AsyncGenerator<Uint8Array> {
        yield new Uint8Array(1_000);
        await never.opened;
      }
      await started({ dmz: { payload: () => Promise.resolve(right({ size: 5_000, bytes: source() })) } });
      const { bytes } = must(await pair.inner.payload('dmz1', key, 0)());
      let got = 0;
      const read = async () => {
        for await (const chunk of bytes) {
          got += chunk.length;
          if (got === 1_000) pair.cut();
        }
      };
      await expect(read()).rejects.toThrow();
      expect(got).toBe(1_000);
      never.open();
    });

    it('asks nothing any more once it is closed, and the other side sees that', async () => {
      await started();
      await pair.inner.close();
      await linked(pair.dmz, false);
      expect(failureOf(await pair.inner.events('dmz1', [parcelOf('inner1', 1)])()).code).toBe('noLink');
      expect(failureOf(await pair.dmz.events('inner1', [parcelOf('dmz1', 1)])()).code).toBe('noLink');
    });
  });
};
