/** Debian programs that `npm run peers` unpacks under var/peers without installing them. */
import { cp, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const trees = fileURLToPath(new URL('../../var/peers', import.meta.url));

/** An unpacked tree: its root, and the environment in which its programs find their libraries. */
export type Unpacked = { readonly root: string; readonly env: Readonly<Record<string, string>> };

/** Copies a tree to a directory that is not there yet: a server with an account of its own may not see into ours. */
export const unpackedTo = async (tree: string, root: string): Promise<Unpacked> => {
  await cp(join(trees, tree), root, { recursive: true, verbatimSymlinks: true }).catch((cause: unknown) => {
    throw new Error(`${tree} is not there; get it with: npm run peers`, { cause });
  });
  const libraries = (await readdir(join(root, 'usr/lib'))).map((name) => join(root, 'usr/lib', name));
  const hidden = (await readdir(join(root, 'lib')).catch(() => [])).map((name) => join(root, 'lib', name));
  return { root, env: { LD_LIBRARY_PATH: [...libraries, ...hidden].join(':') } };
};
