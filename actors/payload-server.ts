import { type Either, isLeft, left, right } from 'fp-ts/lib/Either.js';
import { type Refusal, refusal } from '../domain/failure.ts';
import type { PayloadStore } from '../domain/ports.ts';

/** A payload of this server from byte `start` on, for the peer that fetches it. */
export const servePayload = async (
  payloads: PayloadStore,
  key: string,
  start: number,
): Promise<Either<Refusal, { readonly size: number; readonly bytes: AsyncIterable<Uint8Array> }>> => {
  const found = await payloads.stat(key)();
  if (isLeft(found)) return left(refusal('notFound', `there is no payload ${key}`));
  const bytes = await payloads.read(key, { from: start })();
  if (isLeft(bytes)) return left(refusal('unavailable', `payload ${key} cannot be read now`));
  return right({ size: found.right.size, bytes: bytes.right });
};
