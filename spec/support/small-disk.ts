/** A real disk that is soon full: a tmpfs of a few MiB. Needs the right to mount. */
import { appendFile, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './run.ts';

/** A mounted disk. */
export type SmallDisk = {
  /** Fills it, or goes on to, until so many bytes are free; others write, too, so it may be less. */
  fill(leaving: number): Promise<void>;
  /** Removes that file. */
  makeRoom(): Promise<void>;
  unmount(): Promise<void>;
};

/** Mounts a disk of so many MiB at a directory that is there. */
export const mountSmallDisk = async (directory: string, mebibytes: number): Promise<SmallDisk> => {
  const mounted = await run('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m,mode=0700`, 'sallyport', directory]);
  if (mounted.code !== 0) throw new Error(`cannot mount a tmpfs for this test: ${mounted.err}`);
  const filler = join(directory, 'filler');
  return {
    fill: async (leaving) => {
      const { bavail, bsize } = await statfs(directory);
      const bytes = Buffer.alloc(Math.max(0, bavail * bsize - leaving), 'x');
      await appendFile(filler, bytes).catch((error: unknown) => {
        if (!String(error).includes('ENOSPC')) throw error;
      });
    },
    makeRoom: () => rm(filler, { force: true }),
    unmount: async () => {
      await run('umount', ['-l', directory]);
    },
  };
};
