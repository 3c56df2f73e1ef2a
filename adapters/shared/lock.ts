/** One server a data directory: a lock that the kernel lets go of when the process dies, however it dies. */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openDatabase } from './sqlite.ts';

/** Takes the lock and writes `<directory>/pid`; answers the means to let go. Throws one sentence where another server has it. */
export const lockDirectory = async (directory: string): Promise<() => Promise<void>> => {
  const database = openDatabase(directory, 'lock', 'NORMAL');
  try {
    database.exec(
      'PRAGMA journal_mode = DELETE; PRAGMA busy_timeout = 0; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE;',
    );
  } catch {
    database.close();
    throw new Error(`another server is running on ${directory}; stop it, or name another data directory`);
  }
  const pid = join(directory, 'pid');
  await writeFile(pid, `${process.pid}\n`);
  return async () => {
    await rm(pid, { force: true });
    database.close();
  };
};
