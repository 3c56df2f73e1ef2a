/** A payload store on a disk of its own, with what a test wants to see of that disk. */
import { readdir, readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished, vi } from 'vitest';
import { diskPayloads } from '../../adapters/payloads/disk.ts';
import { scratch } from './scratch.ts';

/** Opens a store, in a new directory unless one is given; `fatal` collects what it reported. */
export const openDisk = async (options: { readonly directory?: string } = {}) => {
  const directory = options.directory ?? (await scratch());
  const fatal: Error[] = [];
  const store = await diskPayloads({ directory, onFatal: (error) => fatal.push(error) });
  onTestFinished(() => store.close());
  const shard = (key: string): string => join(directory, 'transfer', key.slice(-2));
  return {
    store,
    directory,
    fatal,
    /** Where the files of a key stand. */
    shard,
    /** Waits until these are the files of the key's directory. */
    namesBecome: (key: string, names: readonly string[]) =>
      vi.waitUntil(async () => (await readdir(shard(key))).join() === names.join(), { interval: 2 }),
    /** Waits until the unfinished file of the key has this size. */
    sizeBecomes: (key: string, size: number) =>
      vi.waitUntil(async () => (await stat(join(shard(key), `${key}.partial`))).size === size, { interval: 2 }),
    /** The store's files that this process has open. */
    openFiles: async (): Promise<readonly string[]> => {
      const targets = (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => ''));
      return (await Promise.all(targets)).filter((target) => target.startsWith(directory));
    },
  };
};
