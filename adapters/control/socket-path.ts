import { closeSync, constants, openSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** The control socket of a data directory. */
export const controlSocket = (data: string): string => join(data, 'control.sock');

/**
 * A way to name a socket that the system takes: a path of more than 107 bytes is not taken (unix(7)), so that a long one
 * goes through its directory, held open until `close`.
 */
export const reachable = (path: string): { readonly path: string; readonly close: () => void } => {
  if (Buffer.byteLength(path) <= 100) return { path, close: () => undefined };
  const directory = openSync(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY);
  return { path: `/proc/self/fd/${directory}/${basename(path)}`, close: () => closeSync(directory) };
};
