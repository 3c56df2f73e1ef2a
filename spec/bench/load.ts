/** The files that a case sends: made once, checked after every round. */
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const MiB = 1024 ** 2;

/** `shares` are names of files in `directory`, one share for each session that sends at a time. */
export type Load = { readonly directory: string; readonly shares: readonly (readonly string[])[] };

/** Writes `count` files of random bytes and deals them out to sessions. */
export const makeLoad = async (directory: string, count: number, size: number, sessions: number): Promise<Load> => {
  await mkdir(directory);
  const names = Array.from({ length: count }, (_, i) => `f${String(i).padStart(5, '0')}`);
  for (const name of names) {
    const handle = await open(join(directory, name), 'w');
    for (let left = size; left > 0; left -= MiB) await handle.writeFile(randomBytes(Math.min(left, MiB)));
    await handle.close();
  }
  const shares = Array.from({ length: sessions }, (_, share) => names.filter((_name, i) => i % sessions === share));
  return { directory, shares };
};

/** One small file, for a first delivery that is not counted. */
export const makeWarmUp = async (directory: string): Promise<Load> => {
  await mkdir(directory);
  await writeFile(join(directory, 'first'), randomBytes(4096));
  return { directory, shares: [['first']] };
};

/** Rejects unless each file stands in `directory`, under its name behind the prefix, with the same bytes. */
export const expectSame = async (load: Load, directory: string, prefix: string): Promise<void> => {
  for (const name of load.shares.flat()) {
    const [sent, got] = [await digest(join(load.directory, name)), await digest(join(directory, `${prefix}${name}`))];
    if (sent !== got) throw new Error(`${prefix}${name} has arrived with other bytes`);
  }
};

const digest = async (file: string): Promise<string> => {
  const hash = createHash('sha1');
  for await (const chunk of createReadStream(file, { highWaterMark: MiB })) hash.update(chunk as Buffer);
  return hash.digest('hex');
};
