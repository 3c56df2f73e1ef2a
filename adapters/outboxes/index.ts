/** Outboxes in directories of this machine. */
import { constants } from 'node:fs';
import { type FileHandle, link, lstat, open, readdir, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { type Failure, failing, failureIn, permanent, temporary } from '../../domain/failure.ts';
import { asideName, type DroppedFile, isUnchanged, type Outboxes } from '../../domain/outbox.ts';
import { attempt } from '../shared/attempt.ts';
import { codeOf } from '../shared/failing.ts';
import { faultPoint } from '../shared/fault-point.ts';
import { directorySync } from '../shared/fsync.ts';

/** Makes the outboxes of this machine's directories. */
export const directoryOutboxes = (): Outboxes => {
  const sync = directorySync();

  const remove = async (directory: string, file: DroppedFile, transfer: string): Promise<void> => {
    const [path, aside] = [join(directory, file.name), join(directory, asideName(transfer))];
    if (path !== aside) {
      const there = await look(directory, file.name);
      if (there === undefined || !isUnchanged(there, file)) return;
      faultPoint('outbox.aside.before');
      await rename(path, aside);
      faultPoint('outbox.aside.after');
      const taken = await look(directory, asideName(transfer));
      if (taken === undefined || !isUnchanged(taken, file)) {
        // Between the two looks another file got this name, or this one grew.
        await link(aside, path);
        await unlink(aside);
        return;
      }
    }
    faultPoint('outbox.unlink.before');
    await unlink(aside);
    faultPoint('outbox.unlink.after');
    await sync(directory);
  };

  return {
    list: (directory) => attempt(() => list(directory), explain('list', directory)),
    read: (directory, file) => attempt(() => read(directory, file), explain('read', `${file.name} in ${directory}`)),
    remove: (directory, file, transfer) =>
      attempt(() => remove(directory, file, transfer), explain('remove', `${file.name} in ${directory}`)),
  };
};

const list = async (directory: string): Promise<readonly DroppedFile[]> => {
  const found: DroppedFile[] = [];
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = await look(directory, entry.name);
    if (file !== undefined) found.push(file);
  }
  return found;
};

const look = async (directory: string, name: string): Promise<DroppedFile | undefined> => {
  const stat = await lstat(join(directory, name), { bigint: true }).catch((error: unknown) => {
    if (codeOf(error) !== 'ENOENT') throw error;
  });
  return stat?.isFile() === true ? factsOf(name, stat) : undefined;
};

type Stat = {
  readonly ino: bigint;
  readonly size: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly birthtimeNs: bigint;
};

const factsOf = (name: string, { ino, size, mtimeNs, ctimeNs, birthtimeNs }: Stat): DroppedFile => ({
  name,
  inode: ino.toString(),
  size: Number(size),
  modified: mtimeNs.toString(),
  changed: ctimeNs.toString(),
  born: birthtimeNs.toString(),
});

const read = async (directory: string, file: DroppedFile): Promise<AsyncIterable<Uint8Array>> => {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const handle = await open(join(directory, file.name), flags);
  try {
    await expectUnchanged(handle, file);
  } catch (error) {
    await handle.close();
    throw error;
  }
  return (async function* () {
    try {
      for await (const chunk of handle.createReadStream({ autoClose: false })) yield chunk as Uint8Array;
      await expectUnchanged(handle, file);
    } finally {
      await handle.close();
    }
  })();
};

const expectUnchanged = async (handle: FileHandle, file: DroppedFile): Promise<void> => {
  const now = factsOf(file.name, await handle.stat({ bigint: true }));
  if (!isUnchanged(now, file)) throw failing(temporary('changed', `${file.name} is being written`));
};

const explain =
  (what: string, where: string) =>
  (error: unknown): Failure => {
    const known = failureIn(error);
    if (known !== undefined) return known;
    const code = codeOf(error);
    if (code === undefined) throw error;
    const text = `cannot ${what} ${where} (${code})`;
    if (code === 'EACCES' || code === 'EPERM') return permanent('notPermitted', text);
    return temporary(code === 'ENOENT' || code === 'ELOOP' ? 'changed' : 'unavailable', text);
  };
