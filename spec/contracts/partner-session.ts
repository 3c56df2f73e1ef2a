/** What every session at a partner's server does. */
import { createHash, randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { PartnerSession } from '../../domain/partner.ts';
import { bytesOf, failureOf, inPieces, succeeded } from '../support/outcome.ts';

/** A server and a way to look at it past the session. Names are of the one directory, `root` is what the session calls it. */
export type Partner = {
  readonly root: string;
  readonly connect: () => Promise<PartnerSession>;
  readonly put: (name: string, bytes: Uint8Array) => Promise<void>;
  readonly get: (name: string) => Promise<Uint8Array>;
  readonly makeDirectory: (name: string) => Promise<void>;
  readonly makeLink: (name: string, target: string) => Promise<void>;
  readonly clear: () => Promise<void>;
  readonly stop: () => Promise<void>;
};

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const text = (words: string): Buffer => Buffer.from(words);
const odd = [
  'plain.xml',
  'with  two spaces.xml',
  'Grüße aus Köln.xml',
  '-leading.xml',
  '--help',
  'a;b&c$(d)[1]*.xml',
  '日本.xml',
];

/** Runs the contract; one server for all of it. */
export const partnerSessionContract = (name: string, make: () => Promise<Partner>): void => {
  describe(`a session at ${name}`, () => {
    let partner: Partner;
    let session: PartnerSession;
    const at = (file: string): string => `${partner.root}/${file}`;
    const upload = (file: string, bytes: Uint8Array) => succeeded(session.write(at(file), inPieces(bytes, 50_000)));
    const download = async (file: string, start = 0) => bytesOf(await succeeded(session.read(at(file), start)));

    beforeAll(async () => {
      partner = await make();
    });
    afterAll(() => partner.stop());
    beforeEach(async () => {
      session = await partner.connect();
    });
    afterEach(async () => {
      await session.close();
      await partner.clear();
    });

    it('lists plain files by name, with size and time, and nothing else', async () => {
      await partner.put('b.xml', text('12345'));
      await partner.put('a.xml', text(''));
      await partner.makeDirectory('directory');
      await partner.makeLink('link', 'a.xml');
      const { files, skipped } = await succeeded(session.list(partner.root));
      expect(files.map(({ path, name: its, size }) => [path, its, size])).toEqual([
        [at('a.xml'), 'a.xml', 0],
        [at('b.xml'), 'b.xml', 5],
      ]);
      expect(skipped).toBe(0);
      for (const each of files) expect(Math.abs((each.modified ?? 0) - Date.now())).toBeLessThan(60_000);
    });

    it('lists an empty directory, and fails for one that is not there', async () => {
      expect(await succeeded(session.list(partner.root))).toEqual({ files: [], skipped: 0 });
      expect(await failureOf(session.list(at('nowhere')))).toMatchObject({ lasting: 'permanent', code: 'notFound' });
    });

    it('skips and counts files whose names cannot be names here', async () => {
      await partner.put('good.xml', text('1'));
      await partner.put('bell\u0007.xml', text('1'));
      const { files, skipped } = await succeeded(session.list(partner.root));
      expect(files.map((each) => each.name)).toEqual(['good.xml']);
      expect(skipped).toBe(1);
    });

    it('lists hundreds', async () => {
      const names = Array.from({ length: 500 }, (_, i) => `${String(i).padStart(6, '0')}.xml`);
      await Promise.all(names.map((each) => partner.put(each, text(''))));
      expect((await succeeded(session.list(partner.root))).files.map((each) => each.name)).toEqual(names);
    });

    it('looks at one file, the same as it lists it, and finds nothing where there is none', async () => {
      await partner.put('a.xml', text('123'));
      const found = await succeeded(session.look(at('a.xml')));
      expect(found).toMatchObject({ path: at('a.xml'), name: 'a.xml', size: 3 });
      expect((await succeeded(session.list(partner.root))).files).toEqual([found]);
      expect(await succeeded(session.look(at('b.xml')))).toBeUndefined();
      await partner.makeDirectory('directory');
      expect(await succeeded(session.look(at('directory')))).toBeUndefined();
    });

    it.each([0, 1, 31_952, 31_953, 20_000_000])('writes and reads %i bytes', async (size) => {
      const bytes = randomBytes(size);
      await upload('a.bin', bytes);
      expect(sha256(await partner.get('a.bin'))).toBe(sha256(bytes));
      expect(sha256(await download('a.bin'))).toBe(sha256(bytes));
    });

    it('reads from a byte on, and from the end', async () => {
      const bytes = randomBytes(300_000);
      await partner.put('a.bin', bytes);
      expect((await download('a.bin', 123_456)).equals(bytes.subarray(123_456))).toBe(true);
      expect((await download('a.bin', bytes.length - 1)).equals(bytes.subarray(-1))).toBe(true);
      expect(await download('a.bin', bytes.length)).toHaveLength(0);
    });

    it('writes from the beginning over what was longer', async () => {
      await partner.put('a.xml', text('a long text'));
      await upload('a.xml', text('short'));
      expect(String(await partner.get('a.xml'))).toBe('short');
    });

    it('does not write through a single line-end: the bytes are the bytes', async () => {
      const bytes = text('unix\ndos\r\nmac\r\u0000\u00ff');
      await upload('a.txt', bytes);
      expect(Buffer.from(await partner.get('a.txt')).equals(bytes)).toBe(true);
      expect((await download('a.txt')).equals(bytes)).toBe(true);
    });

    it.each(odd)('takes the name %s for all that it does', async (file) => {
      await upload(`${file}.part`, text(file));
      await succeeded(session.rename(at(`${file}.part`), at(file)));
      expect(String(await partner.get(file))).toBe(file);
      expect((await succeeded(session.list(partner.root))).files.map((each) => each.name)).toEqual([file]);
      expect(await succeeded(session.look(at(file)))).toMatchObject({ name: file, size: text(file).length });
      expect(String(await download(file))).toBe(file);
      await succeeded(session.remove(at(file)));
      expect((await succeeded(session.list(partner.root))).files).toEqual([]);
    });

    it('renames onto nothing that is there', async () => {
      await partner.put('a.xml', text('a'));
      await partner.put('b.xml', text('b'));
      expect(await failureOf(session.rename(at('a.xml'), at('b.xml')))).toMatchObject({
        lasting: 'permanent',
        code: 'exists',
      });
      expect(String(await partner.get('b.xml'))).toBe('b');
      expect(String(await partner.get('a.xml'))).toBe('a');
    });

    it('fails for good on what is not there, and goes on', async () => {
      const notFound = { lasting: 'permanent', code: 'notFound' };
      expect(await failureOf(session.read(at('none'), 0))).toMatchObject(notFound);
      expect(await failureOf(session.remove(at('none')))).toMatchObject(notFound);
      expect(await failureOf(session.rename(at('none'), at('some')))).toMatchObject(notFound);
      expect((await failureOf(session.write(at('none/a.xml'), inPieces(text('1'))))).code).toMatch(
        /notFound|notPermitted/,
      );
      await upload('a.xml', text('1'));
      expect(String(await download('a.xml'))).toBe('1');
    });

    it.each(['a\nDELE b', 'a\rb', 'a\u0000b', 'relative'])('does not send the path %j', async (path) => {
      const badName = { lasting: 'permanent', code: 'badName' };
      const whole = path === 'relative' ? path : at(path);
      expect(await failureOf(session.read(whole, 0))).toMatchObject(badName);
      expect(await failureOf(session.rename(at('a.xml'), whole))).toMatchObject(badName);
      expect(await failureOf(session.list(whole))).toMatchObject(badName);
    });

    it('carries fifty files there and back in one session', async () => {
      for (let i = 0; i < 50; i += 1) {
        const bytes = randomBytes(1 + i * 1000);
        await upload(`${i}.bin`, bytes);
        expect((await download(`${i}.bin`)).equals(bytes)).toBe(true);
        if (i % 10 === 0) expect((await succeeded(session.list(partner.root))).files).toHaveLength(i + 1);
      }
    });

    it('gives the failure of the bytes that were to be written', async () => {
      const broken = async function* () {
        yield* inPieces(randomBytes(100_000));
        throw new Error('the disk is gone');
      };
      const failure = await failureOf(session.write(at('a.bin'), broken()));
      expect(failure).toMatchObject({ code: 'unreadable' });
      expect(failure.text).toContain('the disk is gone');
    });

    it('ends when a reader stops before the end, and says so to whoever goes on', async () => {
      await partner.put('a.bin', randomBytes(5_000_000));
      for await (const chunk of await succeeded(session.read(at('a.bin'), 0))) {
        expect(chunk.length).toBeGreaterThan(0);
        break;
      }
      expect(await failureOf(session.look(at('a.bin')))).toMatchObject({ lasting: 'temporary', code: 'closed' });
    });

    it('can be closed at any time', async () => {
      await partner.put('a.bin', randomBytes(5_000_000));
      const reading = bytesOf(await succeeded(session.read(at('a.bin'), 0)));
      await session.close();
      await expect(reading).rejects.toMatchObject({ cause: { code: 'closed' } });
      expect(await failureOf(session.list(partner.root))).toMatchObject({ code: 'closed' });
    });
  });
};
