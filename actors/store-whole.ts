import { isLeft, right } from 'fp-ts/lib/Either.js';
import type { Attempt } from '../domain/failure.ts';
import type { PayloadStore } from '../domain/ports.ts';

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
