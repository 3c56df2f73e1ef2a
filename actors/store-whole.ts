import { type Either, isLeft, left, right } from 'fp-ts/lib/Either.js';
import { type Attempt, type Failure, failureIn, temporary } from '../domain/failure.ts';
import type { PayloadRef } from '../domain/payload.ts';
import type { PayloadStore, PayloadWriter } from '../domain/ports.ts';

/** What a payload must turn out to be. */
type Expected = Pick<PayloadRef, 'size' | 'sha256'>;

/** Stores a payload that is at hand whole. One that is there already was checked when it was stored. */
export const storeWhole =
  (store: PayloadStore, key: string, bytes: Uint8Array, expected: Expected): Attempt<void> =>
  async () => {
    const opened = await store.write(key)();
    if (isLeft(opened)) return opened.left.code === 'exists' ? right(undefined) : opened;
    const stored = await fill(opened.right, [bytes], expected);
    return isLeft(stored) ? stored : right(undefined);
  };

/** Stores a payload as it comes. What a try that was not recorded has left under the key is replaced. */
export const storeStream =
  (store: PayloadStore, key: string, bytes: AsyncIterable<Uint8Array>): Attempt<PayloadRef> =>
  async () => {
    const removed = await store.remove(key)();
    if (isLeft(removed)) return removed;
    const opened = await store.write(key)();
    if (isLeft(opened)) return opened;
    const stored = await fill(opened.right, bytes);
    return isLeft(stored) ? stored : right({ key, ...stored.right });
  };

/** Fills a payload and commits it, or leaves nothing of it. A reading that breaks off gives the failure that it threw, or `linkBroken`. */
export const fill = async (
  writer: PayloadWriter,
  bytes: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  expected?: Expected,
): Promise<Either<Failure, Expected>> => {
  const filled = await copyInto(writer, bytes, expected);
  if (isLeft(filled)) await writer.abandon();
  return filled;
};

const copyInto = async (
  writer: PayloadWriter,
  bytes: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  expected: Expected | undefined,
): Promise<Either<Failure, Expected>> => {
  let offset = 0;
  try {
    for await (const chunk of bytes) {
      const written = await writer.write(offset, chunk)();
      if (isLeft(written)) return written;
      offset += chunk.length;
    }
  } catch (error) {
    return left(failureIn(error) ?? temporary('linkBroken', `it broke off at byte ${offset}: ${String(error)}`));
  }
  return writer.commit(expected)();
};
