import { isLeft, isRight } from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { isTemporaryName } from '../../domain/channel.ts';
import { globMatches } from '../../domain/glob.ts';
import { baseName, parentOf, resolvePath } from '../../domain/path.ts';
import { chooseProfile } from '../../domain/profile.ts';
import { duration, freeAmount, size } from '../../domain/units.ts';
import { given } from '../support/given.ts';

describe('a pattern', () => {
  it('matches with * and ?', () => {
    for (const [pattern, name] of [
      ['*', ''],
      ['*.xml', 'a.xml'],
      ['a?c', 'abc'],
      ['*.tmp', '.tmp'],
      ['?', '😀'],
      ['a*b*c', 'aXbYc'],
      ['*', '*'],
    ] as const)
      expect(globMatches(pattern, name), `${pattern} ${name}`).toBe(true);
  });

  it('does not match anything else', () => {
    for (const [pattern, name] of [
      ['*.xml', 'a.xmlx'],
      ['a?c', 'ac'],
      ['.*', 'a.b'],
      ['', 'a'],
      ['a*b', 'a'],
    ] as const)
      expect(globMatches(pattern, name), `${pattern} ${name}`).toBe(false);
  });

  it('answers quickly for a hostile name', () => {
    expect(globMatches(`${'*a'.repeat(30)}b`, 'a'.repeat(255))).toBe(false);
  });
});

describe('a partner’s path', () => {
  const of = (named: string, from = '/') => resolvePath(from, named);

  it('has one normal form', () => {
    for (const [named, normal] of [
      ['', '/'],
      ['.', '/'],
      ['a', '/a'],
      ['/a//b/./c', '/a/b/c'],
      ['a/../b', '/b'],
      ['../../etc/passwd', '/etc/passwd'],
      ['-rf', '/-rf'],
      ['a\\b', '/a\\b'],
      ['Übung ñ 漢字 😀', '/Übung ñ 漢字 😀'],
    ] as const)
      expect(of(named), named).toEqual({ _tag: 'Right', right: normal });
    expect(of('b', '/a')).toEqual({ _tag: 'Right', right: '/a/b' });
  });

  it('keeps both Unicode forms of an umlaut apart', () => {
    expect(of('u\u0308')).not.toEqual(of('\u00fc'));
  });

  it('is refused with what is wrong', () => {
    for (const [named, why] of [
      ['a\0b', 'control characters'],
      ['a\nb', 'control characters'],
      ['a\ufffdb', 'not valid UTF-8'],
      ['x'.repeat(256), 'longer than 255'],
      ['ü'.repeat(128), 'longer than 255'],
      ['d/'.repeat(33), 'directories deep'],
    ] as const) {
      const refused = of(named);
      expect(isLeft(refused) && refused.left.text, JSON.stringify(named.slice(0, 9))).toContain(why);
    }
    expect(isRight(of('x'.repeat(255)))).toBe(true);
  });

  it('has a last part and a directory', () => {
    expect([baseName('/a/b'), parentOf('/a/b'), parentOf('/a')]).toEqual(['b', '/a', '/']);
  });
});

describe('sizes and durations', () => {
  it('are read as people write them', () => {
    expect([size.parse('1 MiB'), size.parse(7), size.parse('1.5KiB'), duration.parse('10m')]).toEqual([
      1_048_576, 7, 1536, 600_000,
    ]);
  });

  it('are refused with an example', () => {
    expect(size.safeParse('1 MB').error?.issues[0]?.message).toBe(
      '"1 MB" is not understood; write "1 MiB" (B, KiB, MiB, GiB, TiB)',
    );
    expect(duration.safeParse('soon').success).toBe(false);
  });
});

describe('an amount of free space', () => {
  it('is a size or a share', () => {
    expect([freeAmount.parse('5 %'), freeAmount.parse('0.5%'), freeAmount.parse('1 KiB'), freeAmount.parse(7)]).toEqual(
      [{ share: 0.05 }, { share: 0.005 }, { bytes: 1024 }, { bytes: 7 }],
    );
    for (const wrong of ['100 %', '-1 %', 'some'])
      expect(freeAmount.safeParse(wrong).error?.issues[0]?.message).toBe(
        `"${wrong}" is not understood; write "1 GiB" or "5 %"`,
      );
  });
});

describe('a profile', () => {
  const profile = (name: string, channel: string | undefined, pattern: string) => ({
    name,
    match: { channel, name: pattern },
    steps: [],
    responses: [],
  });
  const { transfer } = given('received');

  it('is the first whose channel and name pattern fit', () => {
    const all = [
      profile('b', 'other', '*'),
      profile('c', 'acme', '*.csv'),
      profile('d', 'acme', '*.xml'),
      profile('e', undefined, '*'),
    ];
    expect(chooseProfile(all, transfer)?.name).toBe('d');
  });

  it('is none where none fits', () => {
    expect(chooseProfile([profile('b', 'other', '*')], transfer)).toBeUndefined();
  });
});

describe('a temporary name', () => {
  const channel = {
    name: 'a',
    login: 'a',
    publicKeys: [],
    clientCertificates: [],
    temporaryNames: ['*.tmp', '.*'],
    completeOn: 'close' as const,
    markerSuffix: '.ok',
    maxSize: 1,
    maxSessions: 1,
  };

  it('is one that the channel says is still being written', () => {
    expect(['a.tmp', '.a', 'a.xml', 'tmp'].map((name) => isTemporaryName(channel, name))).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});
