import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { distinct, partName } from '../../domain/mail-part.ts';
import { plainFileName } from '../../domain/path.ts';

const named = (fileName: string, type = 'application/pdf'): string =>
  partName({ number: 3, type, disposition: 'attachment', fileName, within: 'mixed', first: false });

describe("the name of a part's file", () => {
  it.each([
    ['order 7.xml', 'order 7.xml'],
    ['Größe.txt', 'Größe.txt'],
    ['../../etc/passwd', 'passwd'],
    ['C:\\Users\\me\\order.xml', 'order.xml'],
    ['C:order.xml', 'C_order.xml'],
    ['a\u0000b\r\n.xml', 'ab .xml'],
    ['invoice\u202efdp.exe', 'invoicefdp.exe'],
    ['.htaccess', '_htaccess'],
    ['-rf', '_rf'],
    ['name.  ..', 'name'],
    ['a|b?.txt', 'a_b_.txt'],
    ['NUL.txt', '_NUL.txt'],
    ['', 'part-3.pdf'],
    ['..', 'part-3.pdf'],
    ['a/', 'part-3.pdf'],
    [' . ', 'part-3.pdf'],
  ])('of %j is %j', (given, expected) => {
    expect(named(given)).toBe(expected);
  });

  it('has an ending by its type where it has no name', () => {
    expect(['message/rfc822', 'text/xml', 'x/y'].map((type) => named('', type))).toEqual([
      'part-3.eml',
      'part-3.xml',
      'part-3.bin',
    ]);
  });

  it('is short enough, and keeps its ending', () => {
    expect(named(`a${' '.repeat(400_000)}b.xml`)).toBe('a b.xml');
    expect(named(`a${' -'.repeat(200_000)}b.xml`)).toMatch(/^a[ -]+\.xml$/);
    expect(named(`${'ä'.repeat(500)}.xml`)).toBe(`${'ä'.repeat(98)}.xml`);
  });

  it('is a plain one, whatever it is made of, and the same as its own', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (given) => {
        const name = named(given);
        expect(plainFileName(name)).toBeUndefined();
        expect(name).toMatch(/^[^. -]/);
        expect(new TextEncoder().encode(name).length).toBeLessThanOrEqual(200);
        expect(named(name)).toBe(name);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('names in one mail', () => {
  it('are told apart on every system', () => {
    expect(distinct(['a.xml', 'A.XML', 'b', 'a.xml', 'a-2.xml', 'b'])).toEqual([
      ...['a.xml', 'A-2.XML', 'b', 'a-3.xml', 'a-2-2.xml', 'b-2'],
    ]);
    const many = distinct(Array.from({ length: 1000 }, () => 'a.xml'));
    expect(new Set(many).size).toBe(1000);
  });
});
