/** How every message service asks about partners: how to come in there, and which files they have. */
import { left, right } from 'fp-ts/lib/Either.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { refusal } from '../../domain/failure.ts';
import type { PartnerAccess } from '../../domain/message.ts';
import { mostFiles, type PartnerFile } from '../../domain/partner.ts';
import { failureOf, must, type Pair, startPair } from '../support/message-pair.ts';

const access: PartnerAccess = {
  channel: 'acme',
  protocol: 'sftp',
  settings: { timeout: 30, ciphers: ['a', 'b'], passive: null },
  hosts: ['sftp.acme.example:2222'],
  login: 'sally',
  credentials: { password: 'open sesame', privateKey: 'a PEM text' },
  trusted: ['SHA256:abc'],
  sending: { temporaryName: '.{id}.part', ifExists: 'hold', onUnknownOutcome: 'hold' },
};
const fileOf = (path: string, n: number): PartnerFile => ({
  path: `${path}/${n}`,
  name: String(n),
  size: n,
  ...(n % 2 === 0 ? {} : { modified: 1_700_000_000_000 + n }),
});
const filesOf = (count: number, path: string): readonly PartnerFile[] =>
  Array.from({ length: count }, (_, n) => fileOf(path, n));

/** Runs this part of the contract on pairs that `make` makes. */
export const partnersContract = (name: string, make: () => Promise<Pair>): void => {
  describe(`asking about partners, ${name}`, () => {
    let pair: Pair;
    beforeEach(async () => {
      pair = await make();
    });
    afterEach(() => pair.dispose());

    it('tells dmz how to come in at a partner, or refuses', async () => {
      await startPair(pair, {
        inner: {
          partner: (from, channel) =>
            Promise.resolve(
              from.node === 'dmz1' && channel === 'acme'
                ? right(access)
                : left(refusal('notFound', `There is no channel ${channel}.`)),
            ),
        },
      });
      expect(must(await pair.dmz.partner('inner1', 'acme')())).toEqual(access);
      expect(failureOf(await pair.dmz.partner('inner1', 'other')())).toMatchObject({
        lasting: 'permanent',
        code: 'notFound',
        text: 'There is no channel other.',
      });
    });

    it('keeps the words of a handler that throws to itself', async () => {
      await startPair(pair, {
        inner: {
          partner: () => {
            throw new Error('open sesame');
          },
        },
      });
      const failure = failureOf(await pair.dmz.partner('inner1', 'acme')());
      expect(failure).toMatchObject({ lasting: 'temporary', code: 'peerFailed' });
      expect(failure.text).not.toContain('sesame');
    });

    it('lists a directory of a partner, empty or not, or refuses', async () => {
      const seen: unknown[] = [];
      const found = filesOf(3, '/out');
      await startPair(pair, {
        dmz: {
          list: (from, request) => {
            seen.push(from, request);
            if (request.directory === '/gone')
              return Promise.resolve(left(refusal('unavailable', 'Its host is down.')));
            return Promise.resolve(right(request.directory === '/out' ? found : []));
          },
        },
      });
      const list = (directory: string) => pair.inner.list('dmz1', { channel: 'acme', directory })();
      expect(must(await list('/out'))).toEqual(found);
      expect(must(await list('/none'))).toEqual([]);
      expect(failureOf(await list('/gone'))).toMatchObject({ lasting: 'temporary', text: 'Its host is down.' });
      expect(seen.slice(0, 2)).toEqual([
        { role: 'inner', node: 'inner1' },
        { channel: 'acme', directory: '/out' },
      ]);
    });

    it('lists 100,000 files, many times what a message may have, and fails above 32 MiB', async () => {
      const lists = [filesOf(mostFiles, '/a/directory/with/a/name/of/some/length'), filesOf(10_000, '/'.repeat(4_000))];
      await startPair(pair, { dmz: { list: () => Promise.resolve(right(lists.shift() ?? [])) } });
      const list = pair.inner.list('dmz1', { channel: 'acme', directory: '/out' });
      const found = must(await list());
      expect(found).toHaveLength(mostFiles);
      expect(found[99_999]).toEqual(fileOf('/a/directory/with/a/name/of/some/length', 99_999));
      expect(failureOf(await list())).toMatchObject({ lasting: 'permanent', code: 'tooLarge' });
      expect(must(await list())).toEqual([]);
    });

    it('refuses a dmz that asks for a list, and an inner that asks for a partner', async () => {
      let asked = 0;
      await startPair(pair, {
        inner: {
          list: () => {
            asked++;
            return Promise.resolve(right([]));
          },
        },
        dmz: {
          partner: () => {
            asked++;
            return Promise.resolve(right(access));
          },
        },
      });
      for (const attempt of [
        pair.dmz.list('inner1', { channel: 'acme', directory: '/out' }),
        pair.inner.partner('dmz1', 'acme'),
      ])
        expect(failureOf(await attempt())).toMatchObject({ lasting: 'permanent', code: 'notPermitted' });
      expect(asked).toBe(0);
    });
  });
};
