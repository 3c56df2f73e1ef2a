import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Makes a directory's names durable. */
export type DirectorySync = (directory: string) => Promise<void>;

/**
 * Syncs directories; callers that wait for the same one share the next sync. Those who wait behind one that failed
 * fail with it: the kernel reports a lost write once only, so another try could falsely succeed.
 */
export const directorySync = (): DirectorySync => {
  const running = new Map<string, Promise<void>>();
  const waiting = new Map<string, Promise<void>>();
  const start = (directory: string): Promise<void> => {
    const sync = syncNow(directory).finally(() => running.delete(directory));
    running.set(directory, sync);
    return sync;
  };
  return (directory) => {
    const joined = waiting.get(directory);
    if (joined !== undefined) return joined;
    const current = running.get(directory);
    if (current === undefined) return start(directory);
    const next = current.finally(() => waiting.delete(directory)).then(() => start(directory));
    waiting.set(directory, next);
    return next;
  };
};

/** Creates a directory with its parents where they are missing, and makes that durable. */
export const ensureDirectory = async (directory: string, mode: number, sync: DirectorySync): Promise<void> => {
  const first = await mkdir(directory, { recursive: true, mode });
  if (first === undefined) return;
  for (let made = directory; made.length >= first.length; made = dirname(made)) await sync(dirname(made));
};

const syncNow = async (directory: string): Promise<void> => {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};
