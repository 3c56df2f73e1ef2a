/** Exchanges that are passed through, as every message service carries them. */
import { randomBytes } from 'node:crypto';
import { left, right } from 'fp-ts/lib/Either.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Body, ExchangeRequest } from '../../domain/exchange.ts';
import { noBody } from '../../domain/exchange-rules.ts';
import { refusal } from '../../domain/failure.ts';
import type { PeerHandlers } from '../../domain/message.ts';
import { chunksOf, collect, failureOf, gate, linked, must, type Pair, startPair } from '../support/message-pair.ts';

const request = (own: Partial<ExchangeRequest> = {}): ExchangeRequest => ({
  route: 'shop',
  method: 'POST',
  target: '/list?page=2',
  headers: [
    ['x-name', 'größer'],
    ['cookie', 'a=b'],
    ['cookie', 'c=d'],
  ],
  client: { address: '192.0.2.7', protocol: 'https', host: 'shop.example', version: '1.1' },
  ...own,
});

async function* breaking(when: Promise<void> = Promise.resolve()): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(Buffer.from('half'));
  await when;
  throw new Error('it broke');
}

/** Runs the contract on pairs that `make` makes. */
export const throughContract = (name: string, make: () => Promise<Pair>): void => {
  describe(`what is passed through, ${name}`, () => {
    let pair: Pair;
    let gone = new AbortController();
    beforeEach(async () => {
      pair = await make();
      gone = new AbortController();
    });
    afterEach(() => pair.dispose());
    const started = (through: PeerHandlers['through']) => startPair(pair, { inner: { through } });
    const ask = (body: Body = noBody, own: Partial<ExchangeRequest> = {}) =>
      pair.dmz.through('inner1', request(own), body, gone.signal)();

    it('carries both heads as they are, and both bodies byte for byte', async () => {
      const bytes = randomBytes(3_000_000);
      const seen: unknown[] = [];
      await started((from, head, body) => {
        seen.push(from, head);
        return Promise.resolve(right({ head: { status: 201, headers: head.headers }, body }));
      });
      for (const size of [0, 1, 4096, 4097, bytes.length]) {
        const { head, body } = must(await ask(chunksOf(bytes.subarray(0, size), 70_000)));
        expect(head).toEqual({ status: 201, headers: request().headers });
        expect((await collect(body)).equals(bytes.subarray(0, size))).toBe(true);
      }
      expect(seen.slice(0, 2)).toEqual([{ role: 'dmz', node: 'dmz1' }, request()]);
    });

    it('gives the answer while the request still comes, piece by piece', async () => {
      await started((_from, _head, body) => Promise.resolve(right({ head: { status: 200, headers: [] }, body })));
      const { opened, open } = gate();
      async function* slowly(): AsyncGenerator<Uint8Array> {
        yield await Promise.resolve(Buffer.from('first'));
        await opened;
        yield Buffer.from('second');
      }
      const { body } = must(await ask(slowly()));
      const pieces = body[Symbol.asyncIterator]();
      expect(Buffer.from((await pieces.next()).value as Uint8Array).toString()).toBe('first');
      open();
      expect(Buffer.from((await pieces.next()).value as Uint8Array).toString()).toBe('second');
      expect((await pieces.next()).done).toBe(true);
    });

    it('gives each of 100 at the same time its own answer', async () => {
      await started(async (_from, head, body) =>
        right({
          head: { status: 200, headers: [] },
          body: chunksOf(Buffer.concat([Buffer.from(head.target), await collect(body)]), 7),
        }),
      );
      const answers = Array.from({ length: 100 }, async (_, n) => {
        gone = new AbortController();
        const { body } = must(await ask(chunksOf(Buffer.from(` body ${n}`), 3), { target: `/${n}` }));
        return (await collect(body)).toString();
      });
      expect(await Promise.all(answers)).toEqual(answers.map((_, n) => `/${n} body ${n}`));
    });

    it('takes no body that breaks off for a whole one, in either direction', async () => {
      const [entered, broken] = [gate(), gate()];
      await started(async (_from, head, body) => {
        if (head.method === 'GET') return right({ head: { status: 200, headers: [] }, body: breaking() });
        entered.open();
        await collect(body).catch(broken.open);
        return right({ head: { status: 200, headers: [] }, body: noBody });
      });
      const whole = async () => collect(must(await ask(noBody, { method: 'GET', length: 0 })).body);
      await expect(whole()).rejects.toThrow();
      await ask(breaking(entered.opened));
      await broken.opened;
    });

    it('tells the other side when nobody wants the answer any more, also before its head', async () => {
      const [answered, entered, dropped] = [gate(), gate(), gate()];
      async function* endless(): AsyncGenerator<Uint8Array> {
        for (;;) yield await Promise.resolve(new Uint8Array(1000));
      }
      await started((_from, head, _body, over) => {
        over.addEventListener('abort', head.method === 'GET' ? answered.open : dropped.open);
        return head.method === 'GET'
          ? Promise.resolve(right({ head: { status: 200, headers: [] }, body: endless() }))
          : new Promise(() => entered.open());
      });
      const { body } = must(await ask(noBody, { method: 'GET' }));
      await body[Symbol.asyncIterator]().next();
      gone.abort();
      await answered.opened;
      gone = new AbortController();
      const asked = ask();
      await entered.opened;
      gone.abort();
      expect(failureOf(await asked).code).toBe('linkBroken');
      await dropped.opened;
    });

    it('ends with the link, and is not begun without one', async () => {
      const { opened, open } = gate();
      await started(() => {
        open();
        return new Promise(() => undefined);
      });
      const asked = ask();
      await opened;
      pair.cut();
      expect(failureOf(await asked)).toMatchObject({ lasting: 'temporary', code: 'linkBroken' });
      await linked(pair.dmz, false);
      expect(failureOf(await ask()).code).toBe('noLink');
    });

    it('is refused with words', async () => {
      await started(() => Promise.resolve(left(refusal('notFound', 'there is no route'))));
      expect(failureOf(await ask())).toMatchObject({ code: 'notFound', text: 'there is no route' });
    });
  });
};
