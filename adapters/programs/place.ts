/** The private directory of one transfer's program: its copy of the payload, its result, and who it is. */
import { createReadStream, createWriteStream } from 'node:fs';
import { lstat, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { failing, permanent, temporary } from '../../domain/failure.ts';
import { transferId } from '../../domain/transfer/vocabulary.ts';
import { codeOf } from '../shared/failing.ts';
import { endGroup, groupsLeft, type Identity } from './process-group.ts';

export type Place = {
  readonly directory: string;
  readonly payload: string;
  readonly result: string;
  readonly printed: string;
  readonly leader: string;
};

/** How long a group has between being asked to end and being made to. */
export const graceMs = 5_000;

/** Where the program of a transfer works; what is no transfer id is a defect. */
export const placeOf = (root: string, transfer: string): Place => {
  const directory = join(root, transferId.parse(transfer));
  const at = (name: string): string => join(directory, name);
  return { directory, payload: at('payload'), result: at('result'), printed: at('stdout'), leader: at('leader') };
};

/** What tells a program's processes apart from all others on this machine. */
export const markerOf = (place: Place): string => `SALLYPORT_PAYLOAD=${place.payload}`;

/** Ends what an earlier try has left running there, and removes its directory. */
export const clear = async (place: Place): Promise<void> => {
  if ((await stat(place.directory).catch(() => undefined)) === undefined) return;
  for (const group of await groupsLeft(await recordedLeader(place), markerOf(place)))
    if (!(await endGroup(group, graceMs)))
      throw failing(
        temporary('stillRunning', `the program of an earlier try (process group ${group}) cannot be ended`),
      );
  await rm(place.directory, { recursive: true, force: true });
};

/** Makes the directory with a copy of the payload: the store's own file is never a program's to write. */
export const furnish = async (place: Place, payload: AsyncIterable<Uint8Array>): Promise<void> => {
  await mkdir(place.directory, { recursive: true, mode: 0o700 });
  await pipeline(payload, createWriteStream(place.payload, { flags: 'wx', mode: 0o600 }));
};

/** Remembers who runs there, for a server that is started after this one has crashed. */
export const recordLeader = (place: Place, leader: Identity | undefined): Promise<void> =>
  leader === undefined ? Promise.resolve() : writeFile(place.leader, JSON.stringify(leader), { mode: 0o600 });

const recordedLeader = async (place: Place): Promise<Identity | undefined> => {
  const text = await readFile(place.leader, 'utf8').catch(() => undefined);
  try {
    return text === undefined ? undefined : (JSON.parse(text) as Identity);
  } catch {
    // Cut off by the crash: the environment still tells the program's processes.
    return undefined;
  }
};

/** A result of at most `most` bytes; refuses what is no regular file, so that a link cannot name another of our files. */
export const resultAt = async (path: string, most: number): Promise<AsyncIterable<Uint8Array>> => {
  const facts = await lstat(path).catch(ignoreAbsent);
  if (facts === undefined) throw failing(permanent('noResult', 'it ended well but wrote no $SALLYPORT_RESULT'));
  if (!facts.isFile()) throw failing(permanent('noResult', 'what it left at $SALLYPORT_RESULT is no regular file'));
  if (facts.size > most) throw failing(tooLarge(most));
  return bytesOf(path);
};

/** Opened when the first byte is asked for: a result that nobody reads must not stay open. */
async function* bytesOf(path: string): AsyncGenerator<Uint8Array, void, undefined> {
  yield* createReadStream(path, { highWaterMark: 256 * 1024 }) as AsyncIterable<Uint8Array>;
}

/** The result is larger than the profile allows. */
export const tooLarge = (most: number) =>
  permanent('tooLarge', `its result is larger than the ${most} bytes of maxResult`);

const ignoreAbsent = (error: unknown): undefined => {
  if (codeOf(error) !== 'ENOENT') throw error;
};
