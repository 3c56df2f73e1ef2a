import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonical } from '../../domain/canonical.ts';

/** The same by means of the language: slow, and plain to see. */
const plainly = (value: unknown): string =>
  JSON.stringify(value, (_key, each: unknown) =>
    each !== null && typeof each === 'object' && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  );

describe('canonical JSON', () => {
  it('has its keys sorted, whole numbers first, and leaves out what is undefined', () => {
    const value = { b: [undefined, 1], a: { '10': 1, '9': 2, $: 3, é: null }, c: undefined, __proto__x: '"\ud800' };
    expect(canonical(value)).toBe('{"__proto__x":"\\"\\ud800","a":{"9":2,"10":1,"$":3,"é":null},"b":[null,1]}');
  });

  it('is for every value what has been signed and hashed ever since', () => {
    const values = fc.object({ withNullPrototype: true, withSparseArray: false, maxDepth: 4 });
    fc.assert(
      fc.property(values, (value) => canonical(value) === plainly(value)),
      { numRuns: 2_000 },
    );
  });
});
