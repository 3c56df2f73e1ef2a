/** Delivery directories in memory, behind the same contract as the real ones. */
import { left, right } from 'fp-ts/lib/Either.js';
import { permanent } from '../../domain/failure.ts';
import type { Delivery, FileFacts } from '../../domain/ports.ts';

type File = { readonly inode: string; readonly bytes: Uint8Array; ctime: number; links: number };

/** Empty directories; `content` is what stands under a name, `names` are all the names of a directory. */
export const memoryDelivery = (): Delivery & {
  content(directory: string, name: string): Uint8Array | undefined;
  names(directory: string): readonly string[];
} => {
  const directories = new Map<string, Map<string, File>>();
  let ticks = 0;
  const tick = (): number => {
    ticks += 1;
    return ticks;
  };
  const filesOf = (directory: string): Map<string, File> => {
    const files = directories.get(directory) ?? new Map<string, File>();
    directories.set(directory, files);
    return files;
  };
  const remove = (directory: string, name: string): void => {
    const file = filesOf(directory).get(name);
    if (file !== undefined) Object.assign(file, { links: file.links - 1, ctime: tick() });
    filesOf(directory).delete(name);
  };

  return {
    prepare: (directory, temporary, bytes) => async () => {
      checkName(temporary);
      const chunks: Uint8Array[] = [];
      for await (const chunk of bytes) chunks.push(chunk);
      remove(directory, temporary);
      const file = { inode: tick().toString(), bytes: Buffer.concat(chunks), ctime: tick(), links: 1 };
      filesOf(directory).set(temporary, file);
      return right(factsOf(file));
    },
    look: (directory, name) => async () => {
      await Promise.resolve();
      checkName(name);
      const file = directories.get(directory)?.get(name);
      return right(file === undefined ? undefined : factsOf(file));
    },
    link: (directory, temporary, final) => async () => {
      await Promise.resolve();
      checkName(temporary);
      checkName(final);
      const files = filesOf(directory);
      const file = files.get(temporary);
      if (file === undefined) return left(permanent('notFound', `${directory} has no file ${temporary}`));
      if (files.has(final)) return left(permanent('exists', `${directory} has a file ${final} already`));
      files.set(final, Object.assign(file, { links: file.links + 1, ctime: tick() }));
      return right(undefined);
    },
    unlink: (directory, name) => async () => {
      await Promise.resolve();
      checkName(name);
      remove(directory, name);
      return right(undefined);
    },
    temporaries: (directory) => () =>
      Promise.resolve(
        right([...filesOf(directory).keys()].filter((name) => /^\.[0-9a-hjkmnp-tv-z]{26}\.\d+$/.test(name))),
      ),
    content: (directory, name) => directories.get(directory)?.get(name)?.bytes,
    names: (directory) => [...(directories.get(directory)?.keys() ?? [])],
  };
};

const factsOf = (file: File): FileFacts => ({ inode: file.inode, ctime: file.ctime.toString(), links: file.links });

const checkName = (name: string): void => {
  if (name === '' || name === '.' || name === '..' || /[/\0]/.test(name))
    throw new Error(`${name} is not a plain name`);
};
