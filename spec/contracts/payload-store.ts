/** What every payload store keeps to. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { PayloadStore } from '../../domain/ports.ts';
import { bytesOf, failureOf, succeeded } from '../support/outcome.ts';

const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const key = 'dmz1.0abc';

/** Runs the contract; `open` gives an empty store. */
export const payloadStoreContract = (name: string, open: () => Promise<PayloadStore>): void => {
  const withPayload = async (bytes: Uint8Array): Promise<PayloadStore> => {
    const store = await open();
    const writer = await succeeded(store.write(key));
    await succeeded(writer.write(0, bytes));
    await succeeded(writer.commit());
    return store;
  };
  const keysOf = async (store: PayloadStore, node: string): Promise<readonly string[]> => {
    const found: string[] = [];
    for await (const each of store.list(node))
      found.push(`${each.key} ${each.size} ${each.committed ? 'whole' : 'part'}`);
    return found.sort();
  };

  describe(`${name} as a payload store`, () => {
    it('answers size and SHA-256 at the commit, and then gives the bytes', async () => {
      const store = await open();
      const writer = await succeeded(store.write(key));
      await succeeded(writer.write(0, Buffer.from('hello ')));
      await succeeded(writer.write(6, Buffer.from('world')));
      expect(writer.size).toBe(11);
      expect(await succeeded(writer.commit())).toEqual({ size: 11, sha256: hashOf(Buffer.from('hello world')) });
      expect((await bytesOf(await succeeded(store.read(key)))).toString()).toBe('hello world');
      expect(await succeeded(store.stat(key))).toMatchObject({ key, size: 11 });
    });

    it('keeps an empty payload', async () => {
      const store = await open();
      const writer = await succeeded(store.write(key));
      expect(await succeeded(writer.commit())).toEqual({ size: 0, sha256: hashOf(Buffer.alloc(0)) });
      expect(await bytesOf(await succeeded(store.read(key)))).toHaveLength(0);
    });

    it('takes writes out of order, the last one winning where they overlap', async () => {
      const store = await open();
      const writer = await succeeded(store.write(key));
      await succeeded(writer.write(6, Buffer.from('world')));
      expect(writer.size).toBe(0);
      await succeeded(writer.write(0, Buffer.from('HELLO wo')));
      expect(writer.size).toBe(11);
      await succeeded(writer.write(0, Buffer.from('hello')));
      const expected = Buffer.from('hello world');
      expect(await succeeded(writer.commit())).toEqual({ size: 11, sha256: hashOf(expected) });
      expect(await bytesOf(await succeeded(store.read(key)))).toEqual(expected);
    });

    it('refuses to commit a hole, for good', async () => {
      const store = await open();
      const writer = await succeeded(store.write(key));
      await succeeded(writer.write(0, Buffer.from('a')));
      await succeeded(writer.write(2, Buffer.from('c')));
      expect(writer.size).toBe(1);
      expect(await failureOf(writer.commit())).toMatchObject({ code: 'hole', lasting: 'permanent' });
      expect(await failureOf(store.stat(key))).toMatchObject({ code: 'notFound' });
    });

    it('shows nothing of a payload before it is committed', async () => {
      const store = await open();
      const writer = await succeeded(store.write(key));
      await succeeded(writer.write(0, Buffer.from('abc')));
      expect(await failureOf(store.read(key))).toMatchObject({ code: 'notFound', lasting: 'permanent' });
      expect(await failureOf(store.stat(key))).toMatchObject({ code: 'notFound', lasting: 'permanent' });
    });

    it('never writes a committed payload again', async () => {
      const store = await withPayload(Buffer.from('first'));
      for (const resume of [false, true])
        expect(await failureOf(store.write(key, { resume }))).toMatchObject({ code: 'exists', lasting: 'permanent' });
      expect((await bytesOf(await succeeded(store.read(key)))).toString()).toBe('first');
    });

    it('has one writer a key', async () => {
      const store = await open();
      const writer = await succeeded(store.write(key));
      expect(await failureOf(store.write(key))).toMatchObject({ code: 'busy', lasting: 'temporary' });
      await writer.abandon();
      await succeeded(store.write(key));
    });

    it('goes on where a kept payload ended', async () => {
      const store = await open();
      const first = await succeeded(store.write(key));
      await succeeded(first.write(0, Buffer.from('hello ')));
      await succeeded(first.write(100, Buffer.from('lost, for it lies behind a hole')));
      await first.abandon({ keep: true });
      const second = await succeeded(store.write(key, { resume: true }));
      expect(second.size).toBe(6);
      await succeeded(second.write(6, Buffer.from('again')));
      expect(await succeeded(second.commit())).toEqual({ size: 11, sha256: hashOf(Buffer.from('hello again')) });
      expect((await bytesOf(await succeeded(store.read(key)))).toString()).toBe('hello again');
    });

    it('starts anew without resume, and after an abandoned payload that was not kept', async () => {
      const store = await open();
      const first = await succeeded(store.write(key));
      await succeeded(first.write(0, Buffer.from('old and long')));
      await first.abandon({ keep: true });
      const second = await succeeded(store.write(key));
      expect(second.size).toBe(0);
      await succeeded(second.write(0, Buffer.from('old')));
      await second.abandon();
      const third = await succeeded(store.write(key, { resume: true }));
      expect(third.size).toBe(0);
      await succeeded(third.write(0, Buffer.from('new')));
      expect(await succeeded(third.commit())).toEqual({ size: 3, sha256: hashOf(Buffer.from('new')) });
    });

    it('takes a commit back: the payload is unfinished again, and goes on', async () => {
      const store = await withPayload(Buffer.from('hello '));
      await succeeded(store.reopen(key));
      expect(await failureOf(store.stat(key))).toMatchObject({ code: 'notFound' });
      expect(await succeeded(store.partial(key))).toBe(6);
      expect(await keysOf(store, 'dmz1')).toEqual([`${key} 6 part`]);
      const writer = await succeeded(store.write(key, { resume: true }));
      await succeeded(writer.write(6, Buffer.from('again')));
      expect(await succeeded(writer.commit())).toEqual({ size: 11, sha256: hashOf(Buffer.from('hello again')) });
      expect(await failureOf(store.reopen('dmz1.never'))).toMatchObject({ code: 'notFound', lasting: 'permanent' });
    });

    it('takes nothing more after commit or abandon', async () => {
      const store = await open();
      const writer = await succeeded(store.write(key));
      await succeeded(writer.commit());
      await writer.abandon();
      expect(await failureOf(writer.write(0, Buffer.from('x')))).toMatchObject({
        code: 'closed',
        lasting: 'permanent',
      });
      expect(await failureOf(writer.commit())).toMatchObject({ code: 'closed' });
      expect(await succeeded(store.stat(key))).toMatchObject({ size: 0 });
    });

    it('commits what was expected, and removes anything else', async () => {
      const store = await open();
      const sha256 = createHash('sha256').update('whole').digest('hex');
      for (const [bytes, code] of [
        ['whole', undefined],
        ['wrong', 'mismatch'],
        ['whole and more', 'mismatch'],
      ] as const) {
        await succeeded(store.remove(key));
        const writer = await succeeded(store.write(key));
        await succeeded(writer.write(0, Buffer.from(bytes)));
        const outcome = await writer.commit({ size: 5, sha256 })();
        expect(outcome).toMatchObject(code === undefined ? { right: { sha256 } } : { left: { code } });
        await writer.abandon();
        expect((await keysOf(store, 'dmz1')).length).toBe(code === undefined ? 1 : 0);
      }
    });

    it('commits once, even when it is asked twice and abandoned meanwhile', async () => {
      const store = await open();
      const writer = await succeeded(store.write(key));
      await succeeded(writer.write(0, Buffer.from('whole')));
      const [first, second] = await Promise.all([writer.commit()(), writer.commit()(), writer.abandon()]);
      expect(first).toMatchObject({ right: { size: 5 } });
      expect(second).toMatchObject({ left: { code: 'closed' } });
      expect((await bytesOf(await succeeded(store.read(key)))).toString()).toBe('whole');
    });

    it('commits nothing once it is being abandoned', async () => {
      const store = await open();
      const writer = await succeeded(store.write(key));
      await succeeded(writer.write(0, Buffer.from('gone')));
      const [, outcome] = await Promise.all([writer.abandon(), writer.commit()()]);
      expect(outcome).toMatchObject({ left: { code: 'closed' } });
      expect(await keysOf(store, 'dmz1')).toEqual([]);
    });

    it('refuses offsets that are none', async () => {
      const writer = await succeeded((await open()).write(key));
      for (const offset of [-1, 0.5, Number.NaN, 2 ** 53])
        expect(await failureOf(writer.write(offset, Buffer.from('x')))).toMatchObject({ code: 'badOffset' });
    });

    it('reads ranges, cut at the end', async () => {
      const bytes = Buffer.from('0123456789');
      const store = await withPayload(bytes);
      const range = async (from?: number, to?: number): Promise<string> =>
        (
          await bytesOf(
            await succeeded(
              store.read(key, { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) }),
            ),
          )
        ).toString();
      expect(await range(3)).toBe('3456789');
      expect(await range(undefined, 3)).toBe('012');
      expect(await range(2, 5)).toBe('234');
      expect(await range(8, 50)).toBe('89');
      expect(await range(10)).toBe('');
      expect(await range(50, 60)).toBe('');
    });

    it('removes what is committed and what is not, and does not mind what is absent', async () => {
      const store = await withPayload(Buffer.from('x'));
      const open = await succeeded(store.write('dmz1.open'));
      await succeeded(open.write(0, Buffer.from('y')));
      await (await succeeded(store.write('dmz1.kept'))).abandon({ keep: true });
      for (const each of [key, 'dmz1.open', 'dmz1.kept', 'dmz1.never']) await succeeded(store.remove(each));
      expect(await keysOf(store, 'dmz1')).toEqual([]);
      expect(await failureOf(open.write(0, Buffer.from('z')))).toMatchObject({ code: 'closed' });
    });

    it('lists the keys of one node, once each', async () => {
      const store = await withPayload(Buffer.from('four'));
      const kept = await succeeded(store.write('dmz1.kept'));
      await succeeded(kept.write(0, Buffer.from('ab')));
      await kept.abandon({ keep: true });
      await (await succeeded(store.write('dmz1.gone'))).abandon();
      await succeeded((await succeeded(store.write('dmz12.other'))).commit());
      expect(await keysOf(store, 'dmz1')).toEqual([`${key} 4 whole`, 'dmz1.kept 2 part']);
    });

    it('takes nothing for a key but keys', async () => {
      const store = await open();
      for (const bad of ['', 'dmz1', '../dmz1.x', 'dmz1.x/../y', 'dmz1.X', 'dmz1.x.partial', `dmz1.${'x'.repeat(41)}`])
        for (const attempt of [
          store.write(bad),
          store.read(bad),
          store.stat(bad),
          store.reopen(bad),
          store.remove(bad),
        ])
          expect(await failureOf(attempt)).toMatchObject({ code: 'badKey', lasting: 'permanent' });
    });
  });
};
