import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BadForm, boundaryIn, fileNameIn, piecesOf } from '../../../adapters/http/multipart.ts';

async function* cutInto(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) {
    await Promise.resolve();
    yield bytes.subarray(at, at + size);
  }
}

/** The parts of a form: their names and bytes. */
const read = async (bytes: Buffer, size: number, boundary = 'b'): Promise<[string | undefined, Buffer][]> => {
  const parts: [string | undefined, Buffer[], boolean][] = [];
  for await (const piece of piecesOf(cutInto(bytes, size), boundary)) {
    const last = parts.at(-1);
    if (piece.kind === 'part') parts.push([fileNameIn(piece.headers), [], false]);
    else if (last !== undefined && piece.kind === 'bytes') last[1].push(piece.bytes);
    else if (last !== undefined) last[2] = true;
  }
  expect(parts.every((each) => each[2])).toBe(true);
  return parts.map(([name, all]) => [name, Buffer.concat(all)]);
};

const form = (parts: readonly (readonly [string, Uint8Array])[]): Buffer =>
  Buffer.concat([
    ...parts.flatMap(([name, bytes]) => [
      Buffer.from(`--b\r\nContent-Disposition: form-data; name="f"; filename="${name}"\r\nX-A: b\r\n\r\n`),
      bytes,
      Buffer.from('\r\n'),
    ]),
    Buffer.from('--b--\r\n'),
  ]);

describe('a form', () => {
  it('gives its parts as they are, wherever the network has cut it', async () => {
    const tricky = fc
      .array(fc.constantFrom('\r', '\n', '-', '--b', '\r\n--', '\r\n--a', 'x'))
      .map((all) => Buffer.from(all.join('')));
    const bytes = fc
      .oneof(fc.uint8Array({ maxLength: 200 }), tricky)
      .filter((each) => !Buffer.from(each).includes('\r\n--b'));
    const part = fc.tuple(
      fc.stringMatching(/^[a-z ]{1,10}$/),
      bytes.filter((each) => !Buffer.from(each).subarray(0, 3).equals(Buffer.from('--b'))),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 4 }), fc.integer({ min: 1, max: 300 }), async (parts, size) => {
        const got = await read(form(parts), size);
        expect(got.map(([name, all]) => [name, all.toString('hex')])).toEqual(
          parts.map(([name, all]) => [name, Buffer.from(all).toString('hex')]),
        );
      }),
      { numRuns: 300 },
    );
  });

  it('is read or refused, whatever it is', async () => {
    const parts = fc.constantFrom(
      '--b',
      '\r\n',
      '--',
      'Content-Disposition: form-data',
      ': ',
      '; filename="a"',
      '\r\n\r\n',
      'x',
      '\0',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(parts, { maxLength: 20 }), fc.integer({ min: 1, max: 40 }), async (all, size) => {
        await read(Buffer.from(all.join('')), size).catch((error: unknown) => {
          if (!(error instanceof BadForm)) throw error;
        });
      }),
      { numRuns: 1000 },
    );
  });

  it('may not have a part whose head is without bounds', async () => {
    const head = Buffer.from(`--b\r\nX: ${'a'.repeat(10_000)}`);
    await expect(read(head, 1000)).rejects.toThrow('the head of a part is too long');
  });

  it.each([
    ['form-data; name="f"; filename="a.txt"', 'a.txt'],
    ['form-data; name="f"; filename="a \\"b\\" c"', 'a "b" c'],
    ['form-data; name="f"; filename="a %22b%22"', 'a "b"'],
    ['form-data; name=f; filename=a.txt', 'a.txt'],
    ['form-data; name="f"; filename=""', ''],
    ['form-data; name="filename=x"', undefined],
  ])('%s names %s', (disposition, name) => {
    expect(fileNameIn(new Map([['content-disposition', disposition]]))).toBe(name);
  });

  it.each([
    ['multipart/form-data; boundary=abc', 'abc'],
    ['multipart/form-data; charset=utf-8; boundary="a b"', 'a b'],
    ['multipart/form-data; boundary=', undefined],
    [`multipart/form-data; boundary=${'a'.repeat(71)}`, undefined],
    ['multipart/form-data; boundary="a "', undefined],
  ])('of the type %s has the boundary %s', (type, boundary) => {
    expect(boundaryIn(type)).toBe(boundary);
  });
});
