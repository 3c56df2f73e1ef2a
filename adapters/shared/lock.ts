/** One server a data directory: a lock that the kernel lets go of when the process dies, however it dies. */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lockFile } from './sqlite.ts';

/** Takes the lock and writes `<directory>/pid`; answers the means to let go. Throws one sentence where another server has it. */
export const lockDirectory = async (directory: string): Promise<() => Promise<void>> => {
  const release = lockFile(join(directory, 'lock'));
  if (release === undefined)
    throw new Error(`another server is running on ${directory}; stop it, or name another data directory`);
  const pid = join(directory, 'pid');
  await writeFile(pid, `${process.pid}\n`);
  return async () => {
    await rm(pid, { force: true });
    release();
  };
};
