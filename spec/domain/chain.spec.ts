import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256Of } from '../../adapters/shared/ids.ts';
import { contentHash, contentText, hashed, marksOf, statedHash } from '../../domain/chain.ts';
import type { JsonObject, LoggedEvent, NewEvent } from '../../domain/ports.ts';

const json = fc.dictionary(fc.string(), fc.jsonValue()) as fc.Arbitrary<JsonObject>;
const event: fc.Arbitrary<NewEvent> = fc.record({ id: fc.uuid(), type: fc.string(), data: json, metadata: json });
const logged = (stream: string, each: NewEvent): LoggedEvent => ({ ...each, stream, revision: 0n, position: '' });
/** As a log of JSON gives it back. */
const throughJson = (each: NewEvent): NewEvent => JSON.parse(JSON.stringify(each)) as NewEvent;

describe("an event's hash", () => {
  it('is the same after a way through JSON, in whatever order its keys are, and however often it is made', () => {
    fc.assert(
      fc.property(event, (each) => {
        const first = hashed('a-1', each, sha256Of);
        const again = throughJson(hashed('a-1', throughJson(first), sha256Of));
        expect(statedHash(again)).toBe(statedHash(first));
        expect(contentHash(logged('a-1', again), sha256Of)).toBe(statedHash(first));
        const turned = Object.fromEntries(Object.entries(again.data).reverse());
        expect(contentHash(logged('a-1', { ...again, data: turned }), sha256Of)).toBe(statedHash(first));
      }),
    );
  });

  it('is another one for any other stream, id, type, data or metadata', () => {
    const one: NewEvent = { id: 'i', type: 't', data: { a: 1 }, metadata: { at: 1 } };
    const others = [
      contentText('a-1', one),
      contentText('a-2', one),
      contentText('a-1', { ...one, id: 'j' }),
      contentText('a-1', { ...one, type: 'u' }),
      contentText('a-1', { ...one, data: { a: 2 } }),
      contentText('a-1', { ...one, metadata: { at: 2 } }),
      contentText('a-1', { ...one, metadata: { at: 1, by: 'x' } }),
    ];
    expect(new Set(others).size).toBe(others.length);
  });

  it('is passed over where it is none', () => {
    expect(statedHash({ metadata: {} })).toBeUndefined();
    expect(statedHash({ metadata: { hash: 'zz' } })).toBeUndefined();
    expect(statedHash({ metadata: { hash: 7 } })).toBeUndefined();
  });
});

it('the marks of a segment are read as they were written', () => {
  expect(marksOf({ marks: 'a'.repeat(12) + 'b'.repeat(12) })).toEqual(['a'.repeat(12), 'b'.repeat(12)]);
  expect(marksOf({ marks: '' })).toEqual([]);
});
