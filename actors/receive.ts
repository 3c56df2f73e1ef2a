/** Taking a payload in: on disk and recorded before the partner hears OK. A temporary name makes an upload, a final one a transfer. */
import { type Either, isLeft, left, right } from 'fp-ts/lib/Either.js';
import { isTemporaryName, type ReplicatedChannel } from '../domain/channel.ts';
import { type Decision, type Refusal, refusal } from '../domain/failure.ts';
import type { Upload } from '../domain/intake.ts';
import { baseName } from '../domain/path.ts';
import { keyOf } from '../domain/payload.ts';
import type { Clock, Ids, PayloadStore } from '../domain/ports.ts';
import type { EventData, Who } from '../domain/transfer/vocabulary.ts';
import { type UploadFact, uploadStream } from '../domain/upload.ts';
import type { HomeRow } from '../projections/home.ts';
import { asRefusal } from './refusals.ts';
import type { Streams } from './streams.ts';

/** What receiving rests on. `open` are the keys that this process is writing: the sweep leaves them alone. */
export type Receiving = {
  readonly streams: Streams;
  readonly payloads: PayloadStore;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly node: string;
  readonly open: Set<string>;
};

/** Who sends what, and where to. */
export type Arriving = {
  readonly channel: ReplicatedChannel;
  readonly protocol: string;
  readonly path: string;
  readonly by: Who;
};

/** Starts to take a file in. */
export const startUpload = async (needs: Receiving, arriving: Arriving): Promise<Decision<Upload>> => {
  const { channel, path } = arriving;
  const id = needs.ids.fresh();
  const key = keyOf(needs.node, id);
  needs.open.add(key);
  const opened = await needs.payloads.write(key)();
  if (isLeft(opened)) {
    needs.open.delete(key);
    return left(asRefusal(opened.left));
  }
  const writer = opened.right;
  let modified: number | undefined;
  let failed: Refusal | undefined;
  let over = false;
  const end = () => {
    over = true;
    needs.open.delete(key);
  };
  const fail = (why: Refusal): Either<Refusal, never> => {
    failed ??= why;
    return left(failed);
  };

  return right({
    get size() {
      return writer.size;
    },
    setModified: (time) => {
      modified = time;
    },
    write: (offset, bytes) => async () => {
      if (over || failed !== undefined) return fail(failed ?? refusal('invalid', 'the file is closed'));
      if (offset + bytes.length > channel.maxSize)
        return fail(refusal('tooLarge', `larger than the ${channel.maxSize} bytes that are allowed`));
      const written = await writer.write(offset, bytes)();
      return isLeft(written) ? fail(asRefusal(written.left)) : right(undefined);
    },
    complete: () => async () => {
      if (over) return fail(refusal('invalid', 'the file is closed'));
      if (failed !== undefined) {
        end();
        await writer.abandon();
        return left(failed);
      }
      const stored = await writer.commit()();
      if (isLeft(stored)) {
        end();
        await writer.abandon();
        return left(asRefusal(stored.left));
      }
      const payload = { key, size: stored.right.size, sha256: stored.right.sha256 };
      const data = { channel: channel.name, protocol: arriving.protocol, path, payload, by: arriving.by };
      const recorded = isTemporaryName(channel, baseName(path))
        ? await keep(needs.streams, id, { ...data, modified: modified ?? needs.clock.now() })
        : await receive(needs.streams, id, { ...data, name: baseName(path), modified: modified ?? needs.clock.now() });
      end();
      return recorded;
    },
    abandon: async () => {
      if (over) return;
      end();
      await writer.abandon();
    },
  });
};

const receive = async (streams: Streams, id: string, data: EventData<'received'>): Promise<Decision<void>> => {
  const recorded = await streams.record(id, 'receive', (existing) =>
    right(existing === undefined ? [{ type: 'received', data }] : []),
  );
  return isLeft(recorded) ? left(asRefusal(recorded.left)) : right(undefined);
};

const keep = async (
  streams: Streams,
  id: string,
  data: Extract<UploadFact, { type: 'uploadCompleted' }>['data'],
): Promise<Decision<void>> => {
  const recorded = await streams.recordLocal(uploadStream(id), [{ type: 'uploadCompleted', data }]);
  return isLeft(recorded) ? left(asRefusal(recorded.left)) : right(undefined);
};

/** A complete upload got its final name: it becomes a transfer, once, however often the rename is tried. */
export const deliverUpload = async (
  needs: Receiving,
  channel: ReplicatedChannel,
  row: HomeRow,
  path: string,
): Promise<Decision<void>> => {
  if (row.kind !== 'upload' || row.id === null || row.payload === null)
    return left(refusal('notFound', 'there is no such file'));
  const transfer = needs.ids.derived('upload', row.id);
  const { payload, protocol, by, modified } = row;
  const data = { channel: channel.name, protocol, path, name: baseName(path), payload, modified, by };
  const received = await receive(needs.streams, transfer, data);
  if (isLeft(received)) return received;
  const recorded = await needs.streams.recordLocal(uploadStream(row.id), [
    { type: 'uploadDelivered', data: { transfer } },
  ]);
  return isLeft(recorded) ? left(asRefusal(recorded.left)) : right(undefined);
};
