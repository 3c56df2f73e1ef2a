import { isLeft, right } from 'fp-ts/lib/Either.js';
import type { Attempt } from '../domain/failure.ts';
import type { PayloadRef } from '../domain/payload.ts';
import type { PayloadStore, PayloadWriter } from '../domain/ports.ts';

/** Stores a payload that is at hand whole. One that is there already was checked when it was stored. */
export const storeWhole =
  (
    store: PayloadStore,
    key: string,
    bytes: Uint8Array,
    expected: { readonly size: number; readonly sha256: string },
  ): Attempt<void> =>
  async () => {
    const opened = await store.write(key)();
    if (isLeft(opened)) return opened.left.code === 'exists' ? right(undefined) : opened;
    const written = await opened.right.write(0, bytes)();
    const stored = isLeft(written)
      ? written
      : await opened.right.commit({ size: expected.size, sha256: expected.sha256 })();
    if (!isLeft(stored)) return right(undefined);
    await opened.right.abandon();
    return stored;
  };

/** Stores a payload as it comes. What a try that was not recorded has left under the key is replaced. */
export const storeStream =
  (store: PayloadStore, key: string, bytes: AsyncIterable<Uint8Array>): Attempt<PayloadRef> =>
  async () => {
    const removed = await store.remove(key)();
    if (isLeft(removed)) return removed;
    const opened = await store.write(key)();
    if (isLeft(opened)) return opened;
    const writer = opened.right;
    const stored = await copyInto(writer, bytes).catch(async (error: unknown) => {
      await writer.abandon();
      throw error;
    });
    if (isLeft(stored)) await writer.abandon();
    return isLeft(stored) ? stored : right({ key, ...stored.right });
  };

const copyInto = async (writer: PayloadWriter, bytes: AsyncIterable<Uint8Array>) => {
  let offset = 0;
  for await (const chunk of bytes) {
    const written = await writer.write(offset, chunk)();
    if (isLeft(written)) return written;
    offset += chunk.length;
  }
  return writer.commit()();
};
