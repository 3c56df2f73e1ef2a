/** Key files on disk: whole or not there, never overwritten by accident, private keys for their owner only. */
import { randomBytes } from 'node:crypto';
import { access, link, mkdir, open, readFile, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { failing } from './failures.ts';

/** A file to be written; `secret` makes it readable by its owner only. */
export type KeyFile = { readonly name: string; readonly text: string; readonly secret: boolean };

/** Is there such a file? */
export const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** The text of a file; refuses with the file's name where there is none. */
export const readKeyFile = async (directory: string, name: string): Promise<string> => {
  const path = join(directory, name);
  if (!(await exists(path))) throw failing('notFound', `There is no ${path}; \`sallyport keys create\` makes it.`);
  return readFile(path, 'utf8');
};

const syncDirectory = async (directory: string): Promise<void> => {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};

const writeTemporary = async (directory: string, file: KeyFile): Promise<string> => {
  const path = join(directory, `.${file.name}.${randomBytes(6).toString('hex')}`);
  const handle = await open(path, 'wx', file.secret ? 0o600 : 0o644);
  try {
    await handle.writeFile(file.text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  return path;
};

/** Writes new files, each whole or not at all; refuses before the first one where any of the names is taken. */
export const writeNew = async (directory: string, files: readonly KeyFile[]): Promise<void> => {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  for (const { name } of files) {
    const path = join(directory, name);
    if (await exists(path))
      throw failing('exists', `${path} exists already and is never overwritten; move it away, or renew it.`);
  }
  for (const file of files) {
    const temporary = await writeTemporary(directory, file);
    try {
      // link, unlike rename, fails where somebody else made the name meanwhile
      await link(temporary, join(directory, file.name));
    } finally {
      await unlink(temporary);
    }
  }
  await syncDirectory(directory);
};

/** Puts new files in the place of present ones, which stay beside them as `<name>.old`. */
export const replaceKeepingOld = async (directory: string, files: readonly KeyFile[]): Promise<void> => {
  const temporaries: string[] = [];
  for (const file of files) temporaries.push(await writeTemporary(directory, file));
  for (const file of files) {
    const old: KeyFile = { ...file, name: `${file.name}.old`, text: await readKeyFile(directory, file.name) };
    await rename(await writeTemporary(directory, old), join(directory, old.name));
  }
  for (const [i, temporary] of temporaries.entries())
    await rename(temporary, join(directory, files[i]?.name ?? temporary));
  await syncDirectory(directory);
};
