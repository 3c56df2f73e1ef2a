/** What an attempt gave, for tests that expect one of the two. */
import type { Attempt, Failure } from '../../domain/failure.ts';

/** The value; throws the failure's text where it failed. */
export const succeeded = async <A>(attempt: Attempt<A>): Promise<A> => {
  const outcome = await attempt();
  if (outcome._tag === 'Left') throw new Error(`${outcome.left.code}: ${outcome.left.text}`);
  return outcome.right;
};

/** The failure; throws where it succeeded. */
export const failureOf = async (attempt: Attempt<unknown>): Promise<Failure> => {
  const outcome = await attempt();
  if (outcome._tag === 'Right') throw new Error('it succeeded');
  return outcome.left;
};

/** All the bytes of an iterable. */
export const bytesOf = async (chunks: AsyncIterable<Uint8Array>): Promise<Buffer> => {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
};

/** Bytes as an iterable, in pieces. */
export async function* inPieces(bytes: Uint8Array, length = 1000): AsyncGenerator<Uint8Array, void, undefined> {
  await Promise.resolve();
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}
