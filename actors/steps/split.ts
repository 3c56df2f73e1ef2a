import { type Either, isLeft, left, right } from 'fp-ts/lib/Either.js';
import { type Attempt, type Failure, failureIn, permanent, temporary } from '../../domain/failure.ts';
import { distinct, isAttachment, partName } from '../../domain/mail-part.ts';
import { keyOf, type PayloadRef } from '../../domain/payload.ts';
import type { Ids, MailPart, Mails, PayloadStore } from '../../domain/ports.ts';
import type { SplitStep } from '../../domain/processing.ts';
import type { Folded } from '../../domain/transfer/fold.ts';
import type { DiskGuard } from '../disk.ts';
import type { HeldKeys } from '../held-keys.ts';
import { storeStream } from '../store-whole.ts';
import { retired, type Streams } from '../streams.ts';

/** What taking mails apart rests on. */
export type SplitNeeds = {
  readonly payloads: PayloadStore;
  readonly mails: Mails;
  readonly streams: Streams;
  readonly held: HeldKeys;
  readonly disk: Pick<DiskGuard, 'claim'>;
  readonly ids: Ids;
  readonly node: string;
};

/** A part that has its place; without a payload its transfer was made by a try before this one. */
type Kept = {
  readonly id: string;
  readonly number: number;
  readonly name: string;
  readonly payload: PayloadRef | undefined;
};

/**
 * Makes of each of a mail's attachments a transfer; answers their ids. First all of them are stored, then their transfers
 * are made, so that of a mail that turns out to be broken there is none. The ids are made of the mail's and the part's
 * number: however often it is done, there is one of each.
 */
export const splitMail =
  (needs: SplitNeeds, step: SplitStep, folded: Folded, payload: PayloadRef, signal: AbortSignal): Attempt<string[]> =>
  async () => {
    const { payloads, disk, held } = needs;
    const bytes = await payloads.read(payload.key)();
    if (isLeft(bytes)) return bytes;
    // Decoded, it is no larger.
    const room = await disk.claim(payload.size);
    if (isLeft(room)) return room;
    const kept: Kept[] = [];
    const keys: string[] = [];
    const hold = async (key: string): Promise<void> => {
      await held.hold(key);
      keys.push(key);
    };
    try {
      const stored = await storeParts(needs, step, folded, bytes.right, kept, hold);
      if (!isLeft(stored)) return await makeTransfers(needs, folded, kept, signal);
      for (const { payload: made } of kept) if (made !== undefined) await payloads.remove(made.key)();
      return stored;
    } finally {
      for (const key of keys) held.release(key);
      room.right();
    }
  };

const storeParts = async (
  needs: SplitNeeds,
  { texts, withoutAttachments }: SplitStep,
  { id: mail }: Folded,
  bytes: AsyncIterable<Uint8Array>,
  kept: Kept[],
  hold: (key: string) => Promise<void>,
): Promise<Either<Failure, void>> => {
  try {
    for await (const part of needs.mails.parts(bytes)) {
      if (!texts && !isAttachment(part)) continue;
      const stored = await storePart(needs, mail, part, hold);
      if (isLeft(stored)) return stored;
      kept.push(stored.right);
    }
  } catch (error) {
    const failure = failureIn(error);
    if (failure === undefined) throw error;
    return left(failure);
  }
  const none = kept.length === 0 && withoutAttachments === 'hold';
  return none ? left(permanent('noAttachment', 'the mail has no attachment')) : right(undefined);
};

const storePart = async (
  { payloads, streams, ids, node }: SplitNeeds,
  mail: string,
  part: MailPart,
  hold: (key: string) => Promise<void>,
): Promise<Either<Failure, Kept>> => {
  const id = ids.derived('part', mail, part.number);
  const [number, name, key] = [part.number, partName(part), keyOf(node, id)];
  await hold(key);
  const there = await streams.load(id);
  if (isLeft(there) && there.left.code !== retired.code) return there;
  // What was made of it may be so long ago that its events were purged.
  if (isLeft(there) || there.right !== undefined) return right({ id, number, name, payload: undefined });
  const stored = await storeStream(payloads, key, part.content)();
  return isLeft(stored) ? stored : right({ id, number, name, payload: stored.right });
};

const makeTransfers = async (
  { streams }: SplitNeeds,
  { id: mail, transfer: { channel, run } }: Folded,
  kept: readonly Kept[],
  signal: AbortSignal,
): Promise<Either<Failure, string[]>> => {
  const names = distinct(kept.map(({ name }) => name));
  for (const [i, { id, number, payload }] of kept.entries()) {
    if (signal.aborted) return left(temporary('stopped', 'the server stops'));
    if (payload === undefined) continue;
    const parent = { transfer: mail, index: number, run };
    const data = { scenario: 'processPart', channel, parent, payload, name: names[i] ?? '' } as const;
    const made = await streams.record(id, 'create', (existing) =>
      right(existing === undefined ? [{ type: 'created', data }] : []),
    );
    if (isLeft(made)) return left(temporary('log', made.left.text));
  }
  return right(kept.map(({ id }) => id));
};
