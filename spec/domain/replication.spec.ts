import { isLeft, isRight } from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { canonical } from '../../domain/canonical.ts';
import { changesBetween, judge } from '../../domain/replication.ts';

const held = { node: 'inner-1', epoch: 'one', counter: 5, digest: 'd5' };
const none = new Set<string>();
const verdict = (other: object, left: ReadonlySet<string> = none, here: typeof held | undefined = held) => {
  const judged = judge(here, left, { ...held, base: null, ...other });
  return isLeft(judged) ? judged.left.text : judged.right;
};

describe('an update of the channels', () => {
  it('is taken when it is the first, whatever its epoch', () => {
    expect(isRight(judge(undefined, none, { ...held, epoch: 'seven', base: null }))).toBe(true);
    expect(judge(undefined, none, { ...held, base: 4 })).toMatchObject({ right: 'wantsAll' });
  });

  it('is taken when it is newer, whole or on the base that is here', () => {
    expect(verdict({ counter: 6 })).toBe('take');
    expect(verdict({ counter: 9, base: 5 })).toBe('take');
  });

  it('is nothing new under the same counter with the same content', () => {
    expect(verdict({})).toBe('known');
  });

  it.each([
    [{ counter: 4, digest: 'd4' }, 'the channels are older (4) than those that are here (5)'],
    [{ digest: 'other' }, 'other channels came under the number 5, which is here already'],
  ])('is refused when it is older, or other under the same counter', (other, text) => {
    expect(verdict(other)).toBe(text);
  });

  it('waits for the whole when its base is another', () => {
    expect(verdict({ counter: 9, base: 4 })).toBe('wantsAll');
    expect(verdict({ epoch: 'two', counter: 9, base: 5 })).toBe('wantsAll');
  });

  it('waits for a person when its epoch is new, and is refused when its epoch was left', () => {
    expect(verdict({ epoch: 'two', counter: 1 })).toBe('offer');
    expect(verdict({ node: 'inner-2' })).toBe('offer');
    expect(verdict({ epoch: 'zero', counter: 99 }, new Set(['zero']))).toBe(
      'the channels are of epoch zero, which was left for one',
    );
  });
});

describe('the canonical encoding', () => {
  it('is the same for the same content in any order', () => {
    expect(canonical({ b: [1, { d: 2, c: undefined }], a: null })).toBe('{"a":null,"b":[1,{"d":2}]}');
    expect(canonical({ a: null, b: [1, { d: 2 }] })).toBe('{"a":null,"b":[1,{"d":2}]}');
  });
});

describe('changes', () => {
  it('are what was added, changed and removed', () => {
    const before = new Map(Object.entries({ a: '1', b: '1', c: '1' }));
    const after = new Map(Object.entries({ a: '1', b: '2', d: '1' }));
    expect(changesBetween(before, after)).toEqual({ added: ['d'], changed: ['b'], removed: ['c'] });
  });
});
