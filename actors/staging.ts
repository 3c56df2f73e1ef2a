/** The door on dmz for payloads that inner wants sent or shown: only those of transfers that it has asked for. */
import { isLeft, left, right } from 'fp-ts/lib/Either.js';
import { refusal } from '../domain/failure.ts';
import type { PeerHandlers } from '../domain/message.ts';
import { belongsTo, keyOf } from '../domain/payload.ts';
import type { PayloadStore } from '../domain/ports.ts';
import type { DiskGuard } from './disk.ts';
import { asRefusal } from './refusals.ts';
import { fill } from './store-whole.ts';
import type { Streams } from './streams.ts';

/** What it rests on. */
export type StagingNeeds = {
  readonly payloads: PayloadStore;
  readonly streams: Streams;
  readonly disk: Pick<DiskGuard, 'claim'>;
  readonly node: string;
};

/** Takes a payload; one that is there already was checked when it was stored. */
export const takeStaged =
  ({ payloads, streams, disk, node }: StagingNeeds): PeerHandlers['stage'] =>
  async (_from, payload, bytes) => {
    const id = belongsTo(payload.key);
    if (payload.key !== keyOf(node, id)) return left(refusal('illegal', `${payload.key} is no key of ${node}`));
    const loaded = await streams.load(id);
    if (isLeft(loaded)) return left(asRefusal(loaded.left));
    if (loaded.right?.state !== 'requested')
      return left(refusal('unavailable', `${node} was not asked for ${id}, or has it already`));
    const opened = await payloads.write(payload.key)();
    if (isLeft(opened)) return opened.left.code === 'exists' ? right(undefined) : left(asRefusal(opened.left));
    const room = await disk.claim(payload.size);
    if (isLeft(room)) {
      await opened.right.abandon();
      return left(asRefusal(room.left));
    }
    const { size, sha256 } = payload;
    const stored = await fill(opened.right, bytes, { size, sha256 }).finally(room.right);
    return isLeft(stored) ? left(asRefusal(stored.left)) : right(undefined);
  };
