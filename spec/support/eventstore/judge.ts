/** Whether a write is taken: the decision rules of EventStoreDB 23.10. */
import { isSoftDeleted } from './retention.ts';
import type { Store } from './store.ts';
import { type Expected, greatest, type Outcome, type Recorded } from './vocabulary.ts';

/** Take it (the stream's present last revision is told), or the outcome that is already settled. */
export type Verdict = { readonly kind: 'take'; readonly last: bigint } | Outcome;

const already = ({ revision, position }: Recorded): Outcome => ({ kind: 'stored', revision, position });

/** Judges a write of events with these ids; the same ids again at the same place are the first write's outcome. */
export const judge = (store: Store, stream: string, expected: Expected, ids: readonly string[]): Verdict => {
  const last = store.last(stream);
  const conflict: Outcome = { kind: 'conflict', current: last, expected };
  if (last === greatest) return { kind: 'deleted', stream };
  if (expected === 'any' || expected === 'stream_exists') {
    if (expected === 'stream_exists') {
      if (isSoftDeleted(store, stream)) return { kind: 'deleted', stream };
      if (last < 0n && store.last(`$$${stream}`) < 0n) return conflict;
    }
    const places = ids.map((id) => store.find(stream, id));
    const [first, final] = [places[0], places.at(-1)];
    if (first === undefined) return { kind: 'take', last };
    return final !== undefined && places.every((place) => place !== undefined) ? already(final) : conflict;
  }
  const exact = expected === 'no_stream' ? -1n : expected;
  if (exact > last) return conflict;
  if (exact === last) return { kind: 'take', last };
  const places = ids.map((_, index) => store.at(stream, exact + 1n + BigInt(index)));
  const final = places.at(-1);
  if (final !== undefined && places.every((place, index) => place?.id === ids[index])) return already(final);
  return expected === 'no_stream' && isSoftDeleted(store, stream) ? { kind: 'take', last } : conflict;
};
