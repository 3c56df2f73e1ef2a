/** What a stream's metadata hides from its readers. */
import { z } from 'zod';
import type { Direction, Store } from './store.ts';
import { greatest, type Recorded } from './vocabulary.ts';

const whole = z
  .number()
  .int()
  .nonnegative()
  .or(z.number().gte(Number(greatest)));
const metadata = z.looseObject({
  $tb: whole.optional().catch(undefined),
  $maxCount: z.number().int().positive().optional().catch(undefined),
  $maxAge: z.number().int().positive().optional().catch(undefined),
});
export type Metadata = z.infer<typeof metadata>;

/** The metadata of a stream; that of a metadata stream keeps one event. */
export const metadataOf = (store: Store, stream: string): Metadata => {
  if (stream.startsWith('$$')) return { $maxCount: 1 };
  const name = `$$${stream}`;
  const found = store.at(name, store.last(name));
  if (found === undefined) return {};
  try {
    return metadata.catch({}).parse(JSON.parse(Buffer.from(found.data).toString()));
  } catch {
    return {};
  }
};

/** Metadata as it is written. JavaScript has no such large number, so it is put in as text. */
export const metadataBytes = (value: Metadata, $tb: bigint): Uint8Array => {
  const { $tb: _, ...rest } = value;
  const others = JSON.stringify(rest).slice(1);
  return Buffer.from(`{"$tb":${$tb}${others === '}' ? '' : ','}${others}`);
};

/** Was it deleted in a way that lets it be written again? */
export const isSoftDeleted = (store: Store, stream: string): boolean =>
  BigInt(metadataOf(store, stream).$tb ?? 0) >= greatest;

/** How a stream stands for a reader. */
export type Standing = 'missing' | 'tombstoned' | 'there';

/** How a stream stands for a reader: one that was deleted softly is missing. */
export const standing = (store: Store, stream: string): Standing => {
  const last = store.last(stream);
  if (last === greatest) return 'tombstoned';
  return last < 0n || isSoftDeleted(store, stream) ? 'missing' : 'there';
};

/** A page of the events of a stream that its metadata does not hide, and where the next page begins, if there is one. */
export const visiblePage = (
  store: Store,
  stream: string,
  from: bigint,
  direction: Direction,
  limit: number,
  now: number,
): { readonly events: readonly Recorded[]; readonly next: bigint | undefined } => {
  const { $tb = 0, $maxCount, $maxAge } = metadataOf(store, stream);
  const counted = $maxCount === undefined ? 0n : store.last(stream) + 1n - BigInt($maxCount);
  const first = counted > BigInt($tb) ? counted : BigInt($tb);
  const since = $maxAge === undefined ? 0n : (BigInt(now) - BigInt($maxAge) * 1000n) * 10_000n;
  const start = direction === 'forwards' && from < first ? first : from;
  const page = start > greatest ? [] : store.page(stream, start, direction, limit);
  const final = page.at(-1);
  const more = page.length === limit && final !== undefined;
  return {
    events: page.filter(({ revision, created }) => revision >= first && created >= since),
    next: more ? final.revision + (direction === 'forwards' ? 1n : -1n) : undefined,
  };
};
