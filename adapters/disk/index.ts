import { randomBytes } from 'node:crypto';
import { open, stat, statfs, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Room } from '../../domain/disk.ts';
import { type Failure, temporary } from '../../domain/failure.ts';
import type { Disk } from '../../domain/ports.ts';
import { attempt } from '../shared/attempt.ts';
import { codeOf } from '../shared/failing.ts';
import { faultPoint } from '../shared/fault-point.ts';

const mebibyte = 1024 * 1024;

/** The disk of a data directory. Payloads may lie on another one, mounted there: the scarcer of both counts. */
export const dataDisk = ({ directory }: { readonly directory: string }): Disk => {
  const file = join(directory, 'reserve');

  const room = async (): Promise<Room> => {
    const seen = await Promise.all([directory, join(directory, 'transfer')].map(roomAt));
    const [first, second] = seen.filter((each) => each !== undefined);
    if (first === undefined) throw Object.assign(new Error(`${directory} is not there`), { code: 'ENOENT' });
    const scarcest = second !== undefined && second.free < first.free ? second : first;
    return { ...scarcest, reserved: (await stat(file).catch(ignoreAbsent))?.size ?? 0 };
  };

  /** Random, so that a file system that compresses does not make it small. */
  const reserve = async (bytes: number): Promise<void> => {
    const block = randomBytes(mebibyte);
    const handle = await open(file, 'w', 0o600);
    try {
      for (let done = 0; done < bytes; )
        done += (await handle.write(block, 0, Math.min(block.length, bytes - done), done)).bytesWritten;
      faultPoint('disk.reserve.before');
      await handle.sync();
      faultPoint('disk.reserve.after');
    } catch (error) {
      await unlink(file).catch(ignoreAbsent);
      throw error;
    } finally {
      await handle.close();
    }
  };

  return {
    room: () => attempt(room, explain('look at the disk')),
    reserve: (bytes) => attempt(() => reserve(bytes), explain('make the reserve')),
    release: () =>
      attempt(async () => {
        await unlink(file).catch(ignoreAbsent);
      }, explain('give the reserve up')),
  };
};

const roomAt = async (directory: string): Promise<{ readonly free: number; readonly total: number } | undefined> => {
  const seen = await statfs(directory).catch(ignoreAbsent);
  return seen && { free: seen.bavail * seen.bsize, total: seen.blocks * seen.bsize };
};

const explain =
  (what: string) =>
  (error: unknown): Failure => {
    const code = codeOf(error);
    if (code === undefined) throw error;
    return code === 'ENOSPC' || code === 'EDQUOT'
      ? temporary('noSpace', `cannot ${what}: there is no space left`)
      : temporary('unavailable', `cannot ${what} (${code})`);
  };

const ignoreAbsent = (error: unknown): undefined => {
  if (codeOf(error) !== 'ENOENT') throw error;
};
