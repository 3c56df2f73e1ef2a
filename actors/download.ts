import { isLeft, left, right } from 'fp-ts/lib/Either.js';
import type { Decision } from '../domain/failure.ts';
import type { Download } from '../domain/intake.ts';
import type { PayloadStore } from '../domain/ports.ts';
import { asRefusal } from './refusals.ts';

/** A payload as somebody outside reads it: mostly from front to end, for which it is opened once. */
export const download = (payloads: PayloadStore, key: string, size: number, sha256?: string): Download => {
  let chunks: AsyncIterator<Uint8Array> | undefined;
  let rest: Uint8Array = new Uint8Array();
  let next = 0;
  let reading: Promise<unknown> = Promise.resolve();

  const stop = async (): Promise<void> => {
    const open = chunks;
    chunks = undefined;
    rest = new Uint8Array();
    await open?.return?.();
  };

  const startAt = async (offset: number): Promise<Decision<void>> => {
    if (chunks !== undefined && next === offset) return right(undefined);
    await stop();
    const opened = await payloads.read(key, { from: offset })();
    if (isLeft(opened)) return left(asRefusal(opened.left));
    chunks = opened.right[Symbol.asyncIterator]();
    next = offset;
    return right(undefined);
  };

  const take = async (offset: number, length: number): Promise<Decision<Uint8Array>> => {
    const started = await startAt(offset);
    if (isLeft(started)) return started;
    const parts: Uint8Array[] = [];
    let missing = Math.min(length, size - offset);
    while (missing > 0) {
      if (rest.length === 0) {
        const more = await chunks?.next();
        if (more === undefined || more.done === true) throw new Error(`payload ${key} is shorter than it was`);
        rest = more.value;
      }
      const part = rest.subarray(0, missing);
      rest = rest.subarray(part.length);
      parts.push(part);
      missing -= part.length;
      next += part.length;
    }
    return right(parts.length === 1 && parts[0] !== undefined ? parts[0] : joined(parts));
  };

  return {
    size,
    sha256,
    read: (offset, length) => () => {
      const done = reading.then(() => take(offset, length));
      // What broke must not look like the end when it is asked for again.
      reading = done.catch(stop);
      return done;
    },
    close: async () => {
      await reading;
      await stop();
    },
  };
};

const joined = (parts: readonly Uint8Array[]): Uint8Array => {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
};
