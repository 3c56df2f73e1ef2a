import { mkdir, open as openFile, readdir, rename, stat as statOf, unlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { failing, permanent, temporary } from '../../domain/failure.ts';
import type { PayloadStore, PayloadWriter, StoredPayload } from '../../domain/ports.ts';
import { attempt } from '../shared/attempt.ts';
import { codeOf } from '../shared/failing.ts';
import { faultPoint } from '../shared/fault-point.ts';
import { directorySync, ensureDirectory } from '../shared/fsync.ts';
import { readRange } from './file.ts';
import { explain, health } from './health.ts';
import { isShard, type Place, placeOf, readName } from './layout.ts';
import { payloadWriter } from './writer.ts';

/** Where the payloads stand, and who is told when the disk can no longer be trusted: the process must then end. */
export type DiskOptions = { readonly directory: string; readonly onFatal: (error: Error) => void };

/** Payloads as files under `<directory>/transfer/`. One writer a key; after a failed sync it takes no more data at all. */
export const diskPayloads = async (options: DiskOptions): Promise<PayloadStore> => {
  const root = join(options.directory, 'transfer');
  const syncDirectory = directorySync();
  const disk = health(options.onFatal);
  const writers = new Map<string, Promise<PayloadWriter | undefined>>();
  let closed = false;
  await ensureDirectory(root, 0o700, syncDirectory);
  // Names that a process before this one made may not be durable yet.
  await syncDirectory(root);
  const shards = new Set(await shardsIn(root));

  /** Made when first needed: to make them all takes a second. A name that we did not sync, another server may have made just now. */
  const prepareShard = async (directory: string): Promise<void> => {
    if (shards.has(basename(directory))) return;
    await mkdir(directory, { recursive: true, mode: 0o700 });
    faultPoint('payload.shard.before');
    await disk.must(() => syncDirectory(root));
    faultPoint('payload.shard.after');
    shards.add(basename(directory));
  };

  const startWriter = async (place: Place, resume: boolean): Promise<PayloadWriter> => {
    const { key } = place;
    if (await isThere(place.file)) throw failing(permanent('exists', `payload ${key} exists already`));
    await prepareShard(place.directory);
    const handle = (resume ? await openPartial(place) : undefined) ?? (await createPartial(place));
    const { size: length } = await handle.stat();
    return payloadWriter({ place, handle, length, health: disk, syncDirectory, onEnd: () => writers.delete(key) });
  };

  const write = async (key: string, resume: boolean): Promise<PayloadWriter> => {
    const place = placeOf(root, key);
    disk.check();
    if (closed) throw failing(temporary('unavailable', 'the payload store is closed'));
    if (writers.has(key)) throw failing(temporary('busy', `payload ${key} is being written already`));
    const starting = startWriter(place, resume);
    writers.set(
      key,
      starting.catch(() => undefined),
    );
    try {
      return await starting;
    } catch (error) {
      writers.delete(key);
      throw error;
    }
  };

  const stat = async (key: string): Promise<StoredPayload> => {
    const { size, mtimeMs } = await statOf(placeOf(root, key).file);
    return { key, size, modified: Math.floor(mtimeMs) };
  };

  const read = async (key: string, from: number, to: number): Promise<AsyncIterable<Uint8Array>> => {
    const { size } = await stat(key);
    const range = () => readRange(placeOf(root, key), Math.max(0, from), Math.min(size, to));
    return { [Symbol.asyncIterator]: () => explained(key, range()) };
  };

  const reopen = async (key: string): Promise<void> => {
    const place = placeOf(root, key);
    disk.check();
    await rename(place.file, place.partial);
    await disk.must(() => syncDirectory(place.directory));
  };

  const remove = async (key: string): Promise<void> => {
    const place = placeOf(root, key);
    await (await writers.get(key))?.abandon();
    // The committed name goes last: alone, an unfinished one with all of its bytes would look resumable.
    faultPoint('payload.remove.before');
    for (const path of [place.partial, place.scattered, place.file]) await removeFile(path);
    faultPoint('payload.remove.after');
  };

  async function* list(node: string): AsyncGenerator<StoredPayload & { readonly committed: boolean }> {
    for (const shard of await shardsIn(root)) {
      const names = new Set(await readdir(join(root, shard)));
      for (const name of names) {
        const found = readName(name);
        if (found === undefined || !found.key.startsWith(`${node}.`)) continue;
        if (!found.committed && names.has(found.key)) {
          // Committed by a process that died before it took the first name away.
          if (!writers.has(found.key)) await removeFile(join(root, shard, name));
          continue;
        }
        const facts = await statOf(join(root, shard, name)).catch(ignoreAbsent);
        if (facts !== undefined) yield { ...found, size: facts.size, modified: Math.floor(facts.mtimeMs) };
      }
    }
  }

  return {
    write: (key, { resume = false } = {}) => attempt(() => write(key, resume), explain(key, 'written')),
    read: (key, { from = 0, to = Number.MAX_SAFE_INTEGER } = {}) =>
      attempt(() => read(key, from, to), explain(key, 'read')),
    stat: (key) => attempt(() => stat(key), explain(key, 'read')),
    partial: (key) => attempt(async () => (await statOf(placeOf(root, key).partial)).size, explain(key, 'read')),
    reopen: (key) => attempt(() => reopen(key), explain(key, 'opened again')),
    remove: (key) => attempt(() => remove(key), explain(key, 'removed')),
    list,
    close: async () => {
      closed = true;
      for (const writer of await Promise.all(writers.values())) await writer?.abandon({ keep: true });
    },
  };
};

const shardsIn = async (root: string): Promise<readonly string[]> => (await readdir(root)).filter(isShard);

const openPartial = async (place: Place) => {
  const handle = await openFile(place.partial, 'r+').catch(ignoreAbsent);
  if (handle === undefined) return undefined;
  // A second link means that it was committed: never write into it.
  if ((await handle.stat()).nlink === 1) return handle;
  await handle.close();
  return undefined;
};

const createPartial = async (place: Place) => {
  await removeFile(place.partial);
  await removeFile(place.scattered);
  return openFile(place.partial, 'wx+', 0o600);
};

async function* explained(key: string, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* bytes;
  } catch (error) {
    throw failing(explain(key, 'read')(error));
  }
}

const ignoreAbsent = (error: unknown): undefined => {
  if (codeOf(error) !== 'ENOENT') throw error;
};
const removeFile = (path: string): Promise<void> => unlink(path).catch(ignoreAbsent);
const isThere = async (path: string): Promise<boolean> => (await statOf(path).catch(ignoreAbsent)) !== undefined;
