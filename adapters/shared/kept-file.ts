/** Secrets that a server makes for itself once and keeps, such as host keys. */
import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf } from './failing.ts';

/** The text of the file, which is made (0600, whole or not at all) where it is missing. */
export const keptFile = async (file: string, make: () => string | Promise<string>): Promise<string> => {
  const found = await readFile(file, 'utf8').catch((error: unknown) => {
    if (codeOf(error) !== 'ENOENT') throw error;
  });
  if (found !== undefined) return found;
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const temporary = `${file}.${randomBytes(6).toString('hex')}`;
  const handle = await open(temporary, 'wx', 0o600);
  try {
    await handle.writeFile(await make());
    await handle.sync();
    // Servers that share the directory must end up with one secret: the first link wins, the others read it.
    await link(temporary, file).catch((error: unknown) => {
      if (codeOf(error) !== 'EEXIST') throw error;
    });
  } finally {
    await handle.close();
    await rm(temporary, { force: true });
  }
  return readFile(file, 'utf8');
};
