import * as fc from 'fast-check';
import { isLeft, isRight } from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { targetOf, transferPath } from '../../../adapters/http/target.ts';
import { plainFileName, resolvePath } from '../../../domain/path.ts';

const runs = { numRuns: 300 };
const name = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
  .filter((each) => plainFileName(each) === undefined);
const channel = fc.stringMatching(/^[a-z0-9][a-z0-9_-]{0,20}$/);

describe('the target of a request', () => {
  it('names the file that was meant, whatever its name', () => {
    fc.assert(
      fc.property(channel, fc.array(name, { minLength: 1, maxLength: 5 }), (of, names) => {
        fc.pre(names[0] !== '.transfers');
        const url = `/c/${of}/${names.map(encodeURIComponent).join('/')}`;
        const right = { channel: of, name: `/${names.join('/')}`, wait: undefined };
        expect(targetOf(url)).toEqual({ _tag: 'Right', right: { ...right, kind: 'file' } });
        expect(targetOf(`http://x${url}/`)).toEqual({ _tag: 'Right', right: { ...right, kind: 'directory' } });
      }),
      runs,
    );
  });

  it('is a path in its normal form, or refused, whatever is sent', () => {
    const parts = fc.constantFrom(
      '/',
      '..',
      '.',
      '%2e',
      '%2F',
      '%00',
      '%',
      'c',
      'a',
      '?',
      '#',
      '%ff',
      '%c3%a4',
      '\\',
      ';',
      '//',
    );
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(parts).map((all) => `/c/${all.join('')}`),
    );
    fc.assert(
      fc.property(text, (url) => {
        const target = targetOf(url);
        if (isLeft(target)) return ['invalid', 'badName', 'notFound'].includes(target.left.reason);
        const { kind, name: path } = target.right;
        const normal = resolvePath('/', path);
        return kind === 'transfer' || (isRight(normal) && normal.right === path) || isLeft(normal);
      }),
      { numRuns: 3000 },
    );
  });

  it('names a transfer as it is told', () => {
    const path = transferPath('acme', '0'.repeat(26));
    expect(targetOf(path)).toMatchObject({ right: { kind: 'transfer', channel: 'acme', name: '0'.repeat(26) } });
  });

  it.each([
    ['/c/acme', { kind: 'directory', name: '/' }],
    ['/c/acme/', { kind: 'directory', name: '/' }],
    ['/c/acme/a?wait=30s', { kind: 'file', name: '/a', wait: 30_000 }],
    ['HTTPS://x:1/c/acme/a', { kind: 'file', name: '/a' }],
  ])('%s is understood', (url, expected) => {
    expect(targetOf(url)).toMatchObject({ right: expected });
  });

  it.each(['', '*', 'x', '/', '/c', '/c/', '/d/acme/a', '/c/acme//a', '/c/acme/a//', '/c/acme/../b', '/c/acme/a?b=c'])(
    '%j is refused',
    (url) => {
      expect(isLeft(targetOf(url))).toBe(true);
    },
  );
});
