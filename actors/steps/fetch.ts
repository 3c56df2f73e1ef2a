import { isLeft, isRight, left, right } from 'fp-ts/lib/Either.js';
import { type Attempt, permanent, temporary } from '../../domain/failure.ts';
import type { Messages } from '../../domain/message.ts';
import { keyOf, type PayloadRef } from '../../domain/payload.ts';
import type { PayloadStore, PayloadWriter } from '../../domain/ports.ts';
import type { DiskGuard } from '../disk.ts';
import type { Step } from '../step.ts';

/**
 * Gets the payload of a forwarded transfer from the dmz that holds it, over the message service, and goes on where an
 * earlier try ended; not before there is room for all of it. What came with the message is already there. Nothing is readable before its hash is checked.
 */
export const fetchPayload =
  (payloads: PayloadStore, disk: Pick<DiskGuard, 'claim'>, messages: Messages, node: string): Step =>
  ({ id, transfer }, signal) =>
  async () => {
    const { payload: remote, dmz } = transfer;
    if (remote === undefined || dmz === undefined) return left(permanent('noPayload', 'there is no payload to fetch'));
    const payload = { ...remote, key: keyOf(node, id) };
    const opened = await payloads.write(payload.key, { resume: true })();
    if (isLeft(opened) && opened.left.code !== 'exists') return opened;
    if (isRight(opened)) {
      const room = await disk.claim(remote.size - opened.right.size);
      if (isLeft(room)) {
        await opened.right.abandon({ keep: true });
        return room;
      }
      const got = await pull(messages, dmz, remote, opened.right, signal)().finally(room.right);
      if (isLeft(got)) return got;
    }
    return right([{ type: 'fetched', data: { payload } }]);
  };

const pull =
  (messages: Messages, dmz: string, remote: PayloadRef, writer: PayloadWriter, signal: AbortSignal): Attempt<void> =>
  async () => {
    const copied = await copy(messages, dmz, remote, writer, signal)();
    const stored = isLeft(copied) ? copied : await writer.commit({ size: remote.size, sha256: remote.sha256 })();
    if (!isLeft(stored)) return right(undefined);
    await writer.abandon({ keep: true });
    return stored;
  };

const copy =
  (messages: Messages, dmz: string, remote: PayloadRef, writer: PayloadWriter, signal: AbortSignal): Attempt<void> =>
  async () => {
    if (writer.size >= remote.size) return right(undefined);
    const asked = await messages.payload(dmz, remote.key, writer.size)();
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
      return left(temporary('linkBroke', `the link broke at byte ${offset}: ${String(error)}`));
    }
    return offset === remote.size
      ? right(undefined)
      : left(temporary('cutShort', `the payload ended at byte ${offset} of ${remote.size}`));
  };
