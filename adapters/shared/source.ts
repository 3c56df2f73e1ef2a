import { failing, failureIn, temporary } from '../../domain/failure.ts';

/** Bytes to be sent; where they themselves fail, the error always carries a failure. */
export async function* sourced(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* bytes;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw failing(failureIn(error) ?? temporary('unreadable', `what was to be sent could not be read: ${why}`));
  }
}
