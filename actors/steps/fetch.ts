import { isLeft, isRight, left, right } from 'fp-ts/lib/Either.js';
import { type Attempt, permanent, temporary } from '../../domain/failure.ts';
import { keyOf, type PayloadRef } from '../../domain/payload.ts';
import type { PayloadSource, PayloadStore, PayloadWriter } from '../../domain/ports.ts';
import type { DiskGuard } from '../disk.ts';
import type { Step } from '../step.ts';
import { turns } from '../turns.ts';

/** Fetches at the same time from one dmz. */
const most = 4;
/** A try that got so far is no failure when it breaks off: it goes on at once, and is not counted. */
const worthwhile = 1024 * 1024;

/**
 * Gets the payload of a forwarded transfer from the dmz that holds it, and goes on where an earlier try ended; not before
 * there is room for all of it. What came with the message is already there. Nothing is readable before its hash is checked.
 */
export const fetchPayload = (
  payloads: PayloadStore,
  disk: Pick<DiskGuard, 'claim'>,
  source: PayloadSource,
  node: string,
): Step => {
  const inTurn = turns(most);
  return ({ id, transfer }, signal) =>
    async () => {
      const { payload: remote, dmz } = transfer;
      if (remote === undefined || dmz === undefined)
        return left(permanent('noPayload', 'there is no payload to fetch'));
      const payload = { ...remote, key: keyOf(node, id) };
      const opened = await payloads.write(payload.key, { resume: true })();
      if (isLeft(opened) && opened.left.code !== 'exists') return opened;
      if (isRight(opened)) {
        const room = await disk.claim(remote.size - opened.right.size);
        if (isLeft(room)) {
          await opened.right.abandon({ keep: true });
          return room;
        }
        const got = await inTurn(dmz, pull(source, dmz, remote, opened.right, signal)).finally(room.right);
        if (isLeft(got)) return got;
      }
      return right([{ type: 'fetched', data: { payload } }]);
    };
};

const pull =
  (source: PayloadSource, dmz: string, remote: PayloadRef, writer: PayloadWriter, signal: AbortSignal): Attempt<void> =>
  async () => {
    const copied = await copy(source, dmz, remote, writer, signal)();
    const stored = isLeft(copied) ? copied : await writer.commit({ size: remote.size, sha256: remote.sha256 })();
    if (!isLeft(stored)) return right(undefined);
    await writer.abandon({ keep: true });
    return stored;
  };

const copy =
  (source: PayloadSource, dmz: string, remote: PayloadRef, writer: PayloadWriter, signal: AbortSignal): Attempt<void> =>
  async () => {
    for (;;) {
      const before = writer.size;
      if (before >= remote.size) return right(undefined);
      const copied = await copyOnce(source, dmz, remote, writer, signal)();
      if (!isLeft(copied) || copied.left.code !== broke || writer.size < before + worthwhile) return copied;
    }
  };

const broke = 'linkBroke';

const copyOnce =
  (source: PayloadSource, dmz: string, remote: PayloadRef, writer: PayloadWriter, signal: AbortSignal): Attempt<void> =>
  async () => {
    const asked = await source(dmz, remote.key, writer.size)();
    if (isLeft(asked)) return asked;
    let offset = writer.size;
    try {
      for await (const bytes of asked.right.bytes) {
        if (signal.aborted) return left(temporary('stopped', 'this server stops'));
        if (offset + bytes.length > remote.size) return left(temporary('tooLong', 'dmz sends more than it announced'));
        const written = await writer.write(offset, bytes)();
        if (isLeft(written)) return written;
        offset += bytes.length;
      }
    } catch (error) {
      if (signal.aborted) return left(temporary('stopped', 'this server stops'));
      const words = error instanceof Error ? error.message : String(error);
      return left(temporary(broke, `it broke off at byte ${offset}: ${words}`));
    }
    return offset === remote.size
      ? right(undefined)
      : left(temporary('cutShort', `the payload ended at byte ${offset} of ${remote.size}`));
  };
