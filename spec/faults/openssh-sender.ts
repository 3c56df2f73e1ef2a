/** A partner's OpenSSH program: a process a file. */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openSsh } from '../support/clients.ts';
import type { Pair } from '../support/servers.ts';
import type { Sender, Way } from './lanes.ts';

const commands = (way: Way, local: string, name: string): readonly string[] =>
  way === 'renamed' ? [`put ${local} ${name}.part`, `rename ${name}.part ${name}`] : [`put ${local} ${name}`];

/** Sends whole, or under a temporary name; the other ways it does not have. */
export const openSshSender = (pair: Pair): Sender => ({
  send: async (way, { name, bytes }) => {
    const local = join(pair.directory, `source-${name}`);
    await writeFile(local, bytes);
    const ran = await openSsh(pair, commands(way, local, name));
    if (ran.code !== 0) throw new Error(ran.err);
    await rm(local);
  },
  leave: () => Promise.resolve(),
});
