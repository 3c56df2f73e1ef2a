import { constants } from 'node:fs';
import { access, link, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../shared/failing.ts';

/** What keeps a directory from being written to and created where it is missing: a sentence, or undefined for nothing. */
export const whyNotWritable = async (directory: string, mode = 0o750): Promise<string | undefined> => {
  try {
    await mkdir(directory, { recursive: true, mode });
    await access(directory, constants.W_OK | constants.X_OK);
    await rm(await mkdtemp(join(directory, '.check-')), { recursive: true });
    return undefined;
  } catch (error) {
    return `${directory} cannot be written (${codeOf(error) ?? String(error)}); give this user the right to, or name another directory`;
  }
};

/** What keeps results from being delivered into a directory: it must be writable and hard-link, or a crash could deliver twice. */
export const whyNotDeliverable = async (directory: string): Promise<string | undefined> => {
  const unwritable = await whyNotWritable(directory);
  if (unwritable !== undefined) return unwritable;
  const probe = await mkdtemp(join(directory, '.check-'));
  try {
    await writeFile(join(probe, 'a'), '');
    await link(join(probe, 'a'), join(probe, 'b'));
    return undefined;
  } catch (error) {
    return `${directory} has no hard links (${codeOf(error) ?? String(error)}); results need a file system that has them`;
  } finally {
    await rm(probe, { recursive: true, force: true });
  }
};
