import { left, right } from 'fp-ts/lib/TaskEither.js';
import { describe, expect, it } from 'vitest';
import { attributesOf, longNameOf } from '../../../adapters/sftp/attributes.ts';
import { answered, ok, refused } from '../../../adapters/sftp/replies.ts';
import { type RefusalReason, refusal } from '../../../domain/failure.ts';

describe('the replies', () => {
  it.each<[RefusalReason, number]>([
    ['notFound', 2],
    ['notDirectory', 2],
    ['notPermitted', 3],
    ['exists', 4],
    ['noSpace', 4],
    ['unavailable', 4],
    ['invalid', 5],
  ])('tell %s by status %i, with its text', (reason, code) => {
    expect(refused(refusal(reason, 'why'))).toEqual({ kind: 'status', code, text: 'why' });
  });

  it('cut a text that is too long', () => {
    expect(refused(refusal('busy', 'x'.repeat(5000)))).toMatchObject({ text: 'x'.repeat(500) });
  });

  it('come from the intake: a value or why not', async () => {
    expect(await answered(right(1), () => ok)).toBe(ok);
    expect(await answered(left(refusal('exists', 'there')), () => ok)).toMatchObject({ code: 4, text: 'there' });
  });
});

describe('the attributes', () => {
  const modified = Date.UTC(2026, 2, 5, 7, 8, 9);

  it('say file or directory, size and time', () => {
    expect(attributesOf({ kind: 'file', size: 2 ** 40, modified })).toMatchObject({
      mode: 0o100644,
      size: 2 ** 40,
      mtime: modified / 1000,
    });
    expect(attributesOf({ kind: 'directory', size: 0, modified })).toMatchObject({ mode: 0o40755 });
  });

  it('make a line as of ls -l, with the year for what is old', () => {
    const entry = { name: 'a b.xml', kind: 'file', size: 1234, modified } as const;
    expect(longNameOf(entry, modified + 1000)).toBe(
      '-rw-r--r--    1 partner  partner          1234 Mar  5 07:08 a b.xml',
    );
    expect(longNameOf({ ...entry, kind: 'directory' }, modified + 400 * 86_400_000)).toMatch(
      /^drwx.* Mar {2}5 {2}2026 a b\.xml$/,
    );
  });
});
