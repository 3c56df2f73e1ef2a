/** Recording what arrived: before the partner hears OK. A final name makes a transfer; any other waits as an upload. */

import { isLeft, left, right } from 'fp-ts/lib/Either.js';
import { completesOnClose, isTemporaryName, markedBy, type ReplicatedChannel } from '../domain/channel.ts';
import { type Decision, type Refusal, refusal } from '../domain/failure.ts';
import type { Taken } from '../domain/intake.ts';
import type { MailChecks } from '../domain/mail.ts';
import { baseName } from '../domain/path.ts';
import { keyOf, type PayloadRef } from '../domain/payload.ts';
import type { Clock, Ids, PayloadStore, Projection, ReadModels } from '../domain/ports.ts';
import { repeatWindow } from '../domain/transfer/transfer.ts';
import type { EventData, Who } from '../domain/transfer/vocabulary.ts';
import { type UploadFact, uploadStream } from '../domain/upload.ts';
import { type HomeRow, homeProjection } from '../projections/home.ts';
import type { TransferRecord } from '../projections/transfers.ts';
import { isCurrent } from './current.ts';
import type { HeldKeys } from './held-keys.ts';
import type { Projector } from './projector.ts';
import { asRefusal } from './refusals.ts';
import type { Streams } from './streams.ts';

/** What receiving rests on. `held` are the keys that this process is writing: the sweep leaves them alone. */
export type Receiving = {
  readonly streams: Streams;
  readonly payloads: PayloadStore;
  readonly models: ReadModels;
  readonly projection: Projection<TransferRecord>;
  readonly projector: Projector;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly node: string;
  readonly held: HeldKeys;
  /** Uploads that are being delivered or removed now: one at a time decides what becomes of their payload. */
  readonly settling: Set<string>;
};

/** Who sends what, and where to. */
export type Arriving = {
  readonly channel: ReplicatedChannel;
  readonly protocol: string;
  readonly path: string;
  readonly by: Who;
  /** The protocol says where it ends: complete is final, and a part is of no use. */
  readonly whole: boolean;
  /** The transfer that the partner's own key for its request stands for. `again`: it is there already. */
  readonly request?: { readonly id: string; readonly again: boolean };
};

/** A file that is whole and on disk. `opened`: its upload stream has begun. */
export type Arrived = Arriving & {
  readonly id: string;
  readonly payload: PayloadRef;
  readonly modified: number;
  readonly opened: boolean;
  /** The hash by which a repeat is known, where that is not the payload's. */
  readonly asSent?: string | undefined;
  readonly mail?: MailChecks | undefined;
};

/** Asked last before anything is recorded: is the sender gone, so that nobody knows whether this is the whole file? */
export type Unless = () => Promise<boolean>;

/** The refusal of a file whose sender is gone. */
export const senderGone = refusal('unavailable', 'the connection ended before the file was taken over; send the rest');

/** The refusal of a file that the channel does not allow. */
export const tooLarge = ({ maxSize }: ReplicatedChannel): Refusal =>
  refusal('tooLarge', `larger than the ${maxSize} bytes that are allowed`);

const mostRepeats = 1_000;

/** The refusal of whatever would change something by a view that is not current. */
export const behind = refusal('unavailable', 'it cannot be done at the moment; try again later');

/** Records a whole file: as a transfer where its name says that it is final, else as an upload that waits. */
export const take = async (needs: Receiving, file: Arrived, unless: Unless): Promise<Decision<Taken>> => {
  const { channel, path, request } = file;
  if (request?.again === true) return answerAgain(needs, file, request.id);
  if (file.whole || completesOnClose(channel, baseName(path))) return deliver(needs, file, unless);
  if (await unless()) return left(senderGone);
  const kept = await recordUpload(needs.streams, file.id, [
    ...(file.opened ? [] : [openedFact(file)]),
    { type: 'uploadCompleted', data: { payload: file.payload, modified: file.modified } },
  ]);
  if (isLeft(kept)) return kept;
  return channel.completeOn === 'marker' ? deliverMarked(needs, channel, path) : right({ transfer: undefined });
};

/** The record that lets a later session find what there is of a file. */
export const openedFact = ({ channel, protocol, path, by }: Arriving): UploadFact => ({
  type: 'uploadOpened',
  data: { channel: channel.name, protocol, path, by },
});

/** Appends to the stream of an upload. */
export const recordUpload = async (
  streams: Streams,
  id: string,
  facts: readonly UploadFact[],
): Promise<Decision<void>> => {
  const recorded = await streams.recordLocal(uploadStream(id), facts);
  return isLeft(recorded) ? left(asRefusal(recorded.left)) : right(undefined);
};

/** A waiting upload got its final name: it becomes a transfer, once, however often that is tried. */
export const deliverUpload = (
  needs: Receiving,
  channel: ReplicatedChannel,
  row: HomeRow,
  path: string,
): Promise<Decision<Taken>> => {
  const { id, payload, protocol, by, modified } = row;
  if (row.kind !== 'upload' || id === null) return Promise.resolve(left(refusal('notFound', 'there is no such file')));
  if (payload === null) return Promise.resolve(left(refusal('notPermitted', 'the file is not complete yet')));
  return settle(needs, id, async (delivered) => {
    if (delivered) return closeUpload(needs, id, id);
    const there = await needs.payloads.stat(payload.key)();
    if (isLeft(there)) return left(asRefusal(there.left));
    const file = { id, channel, protocol, path, payload, by, modified, opened: true, whole: false };
    return deliver(needs, file, () => Promise.resolve(false));
  });
};

/** Works alone on an upload. `delivered`: it is a transfer already, by a try that was cut off before it could say so. */
const settle = async <A>(
  needs: Receiving,
  id: string,
  work: (delivered: boolean) => Promise<Decision<A>>,
): Promise<Decision<A>> => {
  if (needs.settling.has(id)) return left(refusal('busy', 'another session is at work on the file'));
  needs.settling.add(id);
  try {
    const transfer = await needs.streams.load(id);
    return isLeft(transfer) ? left(asRefusal(transfer.left)) : await work(transfer.right !== undefined);
  } finally {
    needs.settling.delete(id);
  }
};

/** Does a rename to this path make a waiting upload final? */
export const isFinalName = (channel: ReplicatedChannel, path: string): boolean =>
  channel.completeOn !== 'marker' && !isTemporaryName(channel, baseName(path));

const deliver = async (needs: Receiving, file: Arrived, unless: Unless): Promise<Decision<Taken>> => {
  const { id, payload, opened, path, modified, protocol, by, asSent, mail } = file;
  // Who gives its requests keys says by them which one is a repeat.
  const earlier = file.request === undefined ? await unheard(needs, file) : right(undefined);
  if (isLeft(earlier)) return earlier;
  if (await unless()) return left(senderGone);
  const heard = earlier.right === undefined ? right(undefined) : await repeat(needs, file, earlier.right);
  if (isLeft(heard)) return heard;
  const transfer = heard.right ?? id;
  const named = { channel: file.channel.name, protocol, path, name: baseName(path) };
  const data = { ...named, payload, modified, by, ...(asSent !== undefined && { asSent }), ...(mail && { mail }) };
  const recorded = heard.right === undefined ? await receive(needs.streams, id, data) : right(undefined);
  if (isLeft(recorded)) return recorded;
  const closed = opened ? await closeUpload(needs, id, transfer) : right({ transfer });
  // First the record, then the bytes: an upload that is still found still has them.
  if (heard.right !== undefined && !isLeft(closed)) await needs.payloads.remove(keyOf(needs.node, id))();
  return closed;
};

/** A request that was made before: its file is compared, and dropped. */
const answerAgain = async (needs: Receiving, file: Arrived, id: string): Promise<Decision<Taken>> => {
  const earlier = await needs.streams.load(id);
  await needs.payloads.remove(file.payload.key)();
  if (isLeft(earlier)) return left(asRefusal(earlier.left));
  const transfer = earlier.right?.transfer;
  const isSame = transfer?.payload?.sha256 === file.payload.sha256 && transfer.name === baseName(file.path);
  return isSame
    ? right({ transfer: id })
    : left(refusal('illegal', 'this key was used for another file; a new request needs a new key'));
};

const closeUpload = async (needs: Receiving, id: string, transfer: string): Promise<Decision<Taken>> => {
  const closed = await recordUpload(needs.streams, id, [{ type: 'uploadDelivered', data: { transfer } }]);
  return isLeft(closed) ? closed : right({ transfer });
};

const receive = async (streams: Streams, id: string, data: EventData<'received'>): Promise<Decision<void>> => {
  const recorded = await streams.record(id, 'receive', (existing) =>
    right(existing === undefined ? [{ type: 'received', data }] : []),
  );
  return isLeft(recorded) ? left(asRefusal(recorded.left)) : right(undefined);
};

/**
 * The earlier transfer of which this file may be one more try: same channel, path and content within a day, and the
 * partner was not heard of after our OK.
 */
const unheard = async (needs: Receiving, file: Arrived): Promise<Decision<string | undefined>> => {
  if (!(await isCurrent(needs))) return left(behind);
  const key = `${file.channel.name}\n${file.path}\n${file.asSent ?? file.payload.sha256}`;
  const query = { where: { unheard: key }, orderBy: 'createdAt', descending: true, limit: 1 };
  const found = await needs.models.query(needs.projection, query)();
  if (isLeft(found)) return left(asRefusal(found.left));
  const [row] = found.right;
  const useless = row === undefined || row.id === file.id || row.createdAt < needs.clock.now() - repeatWindow;
  return right(useless ? undefined : row.id);
};

/** Claims it. The OK to the repeat may be lost like the first one, so it stands until the partner is heard. */
const repeat = async (needs: Receiving, file: Arrived, earlier: string): Promise<Decision<string | undefined>> => {
  const claim = { stands: false };
  const recorded = await needs.streams.record(earlier, 'receive', (folded) => {
    claim.stands = folded?.transfer.heard === false && folded.transfer.repeats < mostRepeats;
    return right(claim.stands ? [{ type: 'repeated', data: { by: file.by } }] : []);
  });
  if (isLeft(recorded)) return left(asRefusal(recorded.left));
  return right(claim.stands ? earlier : undefined);
};

/** With markers: both the file and its marker are there, in whatever order they came. */
const deliverMarked = async (needs: Receiving, channel: ReplicatedChannel, path: string): Promise<Decision<Taken>> => {
  const target = markedBy(channel, path) ?? path;
  const [file, marker] = [
    await waiting(needs, channel, target),
    await waiting(needs, channel, target + channel.markerSuffix),
  ];
  if (isLeft(file)) return file;
  if (isLeft(marker)) return marker;
  if (file.right === undefined || marker.right === undefined) return right({ transfer: undefined });
  const delivered = await deliverUpload(needs, channel, file.right, target);
  if (isLeft(delivered)) return delivered;
  const expired = await expireUpload(needs, marker.right.id ?? '');
  return isLeft(expired) ? expired : delivered;
};

const waiting = async (
  needs: Receiving,
  channel: ReplicatedChannel,
  path: string,
): Promise<Decision<HomeRow | undefined>> => {
  if (!(await isCurrent(needs))) return left(behind);
  const where = { channel: channel.name, path, kind: 'upload' };
  const found = await needs.models.query(homeProjection, { where, limit: 100 })();
  return isLeft(found) ? left(asRefusal(found.left)) : right(found.right.find((row) => row.payload !== null));
};

/**
 * An upload that nobody wants any more: first the record, then the bytes; the sweep finds what a crash leaves between.
 * One that is a transfer already keeps its bytes: they are the transfer's.
 */
export const expireUpload = (needs: Receiving, id: string, by?: Who): Promise<Decision<void>> =>
  settle(needs, id, async (delivered) => {
    if (delivered) {
      const closed = await closeUpload(needs, id, id);
      return isLeft(closed) ? closed : right(undefined);
    }
    const recorded = await recordUpload(needs.streams, id, [
      { type: 'uploadExpired', data: by === undefined ? {} : { by } },
    ]);
    if (isLeft(recorded)) return recorded;
    const removed = await needs.payloads.remove(keyOf(needs.node, id))();
    return isLeft(removed) ? left(asRefusal(removed.left)) : right(undefined);
  });
