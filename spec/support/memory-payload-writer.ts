/** The writer of the payload store in memory: a growing array and a mask of what has arrived. */
import { createHash } from 'node:crypto';
import { left, right } from 'fp-ts/lib/Either.js';
import { type Failure, permanent, temporary } from '../../domain/failure.ts';
import type { PayloadWriter } from '../../domain/ports.ts';

/** How a writer ended. */
export type Outcome =
  | { readonly kind: 'committed' | 'kept'; readonly bytes: Uint8Array }
  | { readonly kind: 'removed' };

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Writes one payload that begins with `start`. */
export const memoryWriter = (key: string, start: Uint8Array, end: (outcome: Outcome) => void): PayloadWriter => {
  let content = Buffer.from(start);
  let there = Buffer.alloc(start.length, 1);
  let ended = false;

  const size = (): number => {
    const hole = there.indexOf(0);
    return hole < 0 ? there.length : hole;
  };
  const put = (offset: number, bytes: Uint8Array): void => {
    const missing = Math.max(0, offset + bytes.length - content.length);
    content = Buffer.concat([content, Buffer.alloc(missing)]);
    there = Buffer.concat([there, Buffer.alloc(missing)]);
    content.set(bytes, offset);
    there.fill(1, offset, offset + bytes.length);
  };
  const answer = <A>(check: () => Failure | undefined, run: () => A) => {
    const failure = ended ? permanent('closed', `payload ${key} takes no more`) : check();
    return Promise.resolve(failure === undefined ? right(run()) : left(failure));
  };

  return {
    get size() {
      return size();
    },
    write: (offset, bytes) => () =>
      answer(
        () =>
          Number.isSafeInteger(offset) && offset >= 0
            ? undefined
            : permanent('badOffset', `payload ${key} cannot be written at ${offset}`),
        () => {
          if (bytes.length > 0) put(offset, bytes);
        },
      ),
    commit: (expected) => () =>
      answer(
        () => {
          if (size() < content.length) return permanent('hole', `payload ${key} has a hole at byte ${size()}`);
          if (expected === undefined || (expected.size === content.length && expected.sha256 === sha256(content)))
            return undefined;
          ended = true;
          end({ kind: 'removed' });
          return temporary('mismatch', `payload ${key} is not what was announced`);
        },
        () => {
          ended = true;
          end({ kind: 'committed', bytes: content });
          return { size: content.length, sha256: sha256(content) };
        },
      ),
    abandon: ({ keep = false } = {}) => {
      if (!ended) end(keep ? { kind: 'kept', bytes: content.subarray(0, size()) } : { kind: 'removed' });
      ended = true;
      return Promise.resolve();
    },
  };
};
