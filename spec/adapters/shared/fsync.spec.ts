import { type FileHandle, open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { directorySync, ensureDirectory } from '../../../adapters/shared/fsync.ts';
import { scratch } from '../../support/scratch.ts';

let files: FileHandle;
beforeAll(async () => {
  const handle = await open('/dev/null');
  files = Object.getPrototypeOf(handle) as FileHandle;
  await handle.close();
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe('the sync of directories', () => {
  it('serves all who came while one ran with one more, begun after they came', async () => {
    const directory = await scratch();
    const sync = directorySync();
    const syncs = vi.spyOn(files, 'sync');
    await Promise.all(Array.from({ length: 50 }, () => sync(directory)));
    expect(syncs).toHaveBeenCalledTimes(2);
    await sync(directory);
    expect(syncs).toHaveBeenCalledTimes(3);
  });

  it('fails all who waited behind one that failed, without another try', async () => {
    const directory = await scratch();
    const sync = directorySync();
    const syncs = vi.spyOn(files, 'sync').mockRejectedValueOnce(new Error('EIO'));
    const outcomes = await Promise.allSettled([sync(directory), sync(directory), sync(directory)]);
    expect(outcomes.map((each) => each.status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(syncs).toHaveBeenCalledTimes(1);
  });

  it('does not hold up one directory for another', async () => {
    const [first, second] = [await scratch(), await scratch()];
    const sync = directorySync();
    const syncs = vi.spyOn(files, 'sync');
    await Promise.all([sync(first), sync(second)]);
    expect(syncs).toHaveBeenCalledTimes(2);
  });
});

describe('a directory that is made sure of', () => {
  it('is created with its parents, each of whose new names is synced', async () => {
    const root = await scratch();
    const synced: string[] = [];
    const note = (directory: string): Promise<void> => Promise.resolve(void synced.push(directory));
    await ensureDirectory(join(root, 'a', 'b'), 0o750, note);
    expect((await stat(join(root, 'a', 'b'))).mode & 0o027).toBe(0);
    expect(synced).toEqual([join(root, 'a'), root]);
    await ensureDirectory(join(root, 'a', 'b'), 0o750, note);
    expect(synced).toHaveLength(2);
  });
});
