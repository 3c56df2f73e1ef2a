/** Whether an append may be written: the decision rules of reference/eventstoredb.md, section 4. */
import type { ExpectedRevision } from './protocol.ts';

/** Where an event already stands in its stream. */
export type Place = { readonly revision: number; readonly ordinal: number };

export type Verdict =
  | { readonly kind: 'write' }
  | { readonly kind: 'already'; readonly place: Place }
  | { readonly kind: 'conflict'; readonly text: string };

/**
 * Judges an append of events `ids` to a stream whose last revision is `head` (-1: there is none); `find` answers where
 * an id stands in the stream. The same ids again are harmless; an id is never written to a stream twice.
 */
export const judge = (
  ids: readonly string[],
  expected: ExpectedRevision,
  head: number,
  find: (id: string) => Place | undefined,
): Verdict => {
  const exact = expected === 'noStream' ? -1 : typeof expected === 'number' ? expected : undefined;
  const conflict: Verdict = {
    kind: 'conflict',
    text: `the stream ${head < 0 ? 'does not exist' : `is at revision ${head}`}, expected was ${expected}`,
  };
  if (expected === 'streamExists' && head < 0) return conflict;
  if (exact !== undefined && exact > head) return conflict;
  if (ids.length === 0) return exact === undefined || exact === head ? { kind: 'write' } : conflict;

  const places = head < 0 ? [] : ids.map(find);
  const last = places.at(-1);
  if (exact !== undefined && exact < head)
    return last !== undefined && places.every((place, i) => place?.revision === exact + 1 + i)
      ? { kind: 'already', place: last }
      : conflict;
  if (exact === undefined && last !== undefined && places.every((place) => place !== undefined))
    return { kind: 'already', place: last };
  if (places.some((place) => place !== undefined) || new Set(ids).size < ids.length)
    return { kind: 'conflict', text: 'an event of this id already stands in the stream' };
  return { kind: 'write' };
};
