import { type FileHandle, link as linkFile, lstat, open, opendir, unlink as unlinkFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Delivery, FileFacts } from '../../domain/ports.ts';
import { attempt } from '../shared/attempt.ts';
import { codeOf } from '../shared/failing.ts';
import { faultPoint } from '../shared/fault-point.ts';
import { directorySync, ensureDirectory } from '../shared/fsync.ts';
import { explain, explainLink, fromSource } from './failures.ts';

/** What the temporaries of the local delivery are called: `.<transfer id>.<attempt>`. */
const temporaryName = /^\.[0-9a-hjkmnp-tv-z]{26}\.\d+$/;

/** File systems stamp with a clock of 1 to 10 ms: a link made within the same tick would leave no trace in the ctime. */
const clockTick = 20;

/**
 * Delivery into directories of this machine; one that is missing is created. It never overwrites a name and follows
 * no symbolic link at it; a name that is no plain name is a defect of the caller.
 */
export const directoryDelivery = (): Delivery => {
  const sync = directorySync();

  const prepare = async (
    directory: string,
    temporary: string,
    bytes: AsyncIterable<Uint8Array>,
  ): Promise<FileFacts> => {
    const path = pathOf(directory, temporary);
    await ensureDirectory(directory, 0o750, sync);
    // Removed, not truncated: the old content may have its final name already.
    await unlinkFile(path).catch(ignoreAbsent);
    const handle = await open(path, 'wx', 0o640);
    try {
      await writeAll(handle, fromSource(bytes));
      faultPoint('delivery.fsync.before');
      await handle.sync();
      faultPoint('delivery.fsync.after');
      const tick = setTimeout(clockTick);
      const facts = factsOf(await handle.stat({ bigint: true }));
      faultPoint('delivery.prepared.before');
      await sync(directory);
      faultPoint('delivery.prepared.after');
      await tick;
      return facts;
    } catch (error) {
      await unlinkFile(path).catch(() => undefined);
      throw error;
    } finally {
      await handle.close();
    }
  };

  const look = async (directory: string, name: string): Promise<FileFacts | undefined> => {
    const found = await lstat(pathOf(directory, name), { bigint: true }).catch(ignoreAbsent);
    return found === undefined ? undefined : factsOf(found);
  };

  const link = async (directory: string, temporary: string, final: string): Promise<void> => {
    faultPoint('delivery.link.before');
    await linkFile(pathOf(directory, temporary), pathOf(directory, final));
    faultPoint('delivery.link.after');
  };

  const unlink = async (directory: string, name: string): Promise<void> => {
    faultPoint('delivery.unlink.before');
    await unlinkFile(pathOf(directory, name)).catch(ignoreAbsent);
    faultPoint('delivery.unlink.after');
    faultPoint('delivery.directory.before');
    await sync(directory).catch(ignoreAbsent);
    faultPoint('delivery.directory.after');
  };

  return {
    prepare: (directory, temporary, bytes) =>
      attempt(() => prepare(directory, temporary, bytes), explain(directory, 'write a file into')),
    look: (directory, name) => attempt(() => look(directory, name), explain(directory, 'look into')),
    link: (directory, temporary, final) =>
      attempt(() => link(directory, temporary, final), explainLink(directory, temporary, final)),
    unlink: (directory, name) => attempt(() => unlink(directory, name), explain(directory, 'remove a file from')),
    temporaries: (directory) => attempt(() => temporariesIn(directory), explain(directory, 'list')),
  };
};

const temporariesIn = async (directory: string): Promise<readonly string[]> => {
  const entries = await opendir(directory).catch(ignoreAbsent);
  const names: string[] = [];
  if (entries !== undefined) for await (const { name } of entries) if (temporaryName.test(name)) names.push(name);
  return names;
};

const writeAll = async (handle: FileHandle, bytes: AsyncIterable<Uint8Array>): Promise<void> => {
  for await (const chunk of bytes)
    for (let done = 0; done < chunk.length; )
      done += (await handle.write(chunk, done, chunk.length - done)).bytesWritten;
};

const pathOf = (directory: string, name: string): string => {
  if (name === '' || name === '.' || name === '..' || /[/\0]/.test(name))
    throw new Error(`${JSON.stringify(name.slice(0, 255))} is not a plain file name`);
  return join(directory, name);
};

const factsOf = (stat: { readonly ino: bigint; readonly ctimeNs: bigint; readonly nlink: bigint }): FileFacts => ({
  inode: stat.ino.toString(),
  ctime: stat.ctimeNs.toString(),
  links: Number(stat.nlink),
});

const ignoreAbsent = (error: unknown): undefined => {
  if (codeOf(error) !== 'ENOENT') throw error;
};
