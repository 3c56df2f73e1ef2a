import { join } from 'node:path';
import { failing, permanent } from '../../domain/failure.ts';
import { payloadKey } from '../../domain/payload.ts';

/** The names under which a payload may stand in its directory. */
export type Place = {
  readonly key: string;
  readonly directory: string;
  /** Committed. */
  readonly file: string;
  /** Being written, without a hole: its length says where to go on. */
  readonly partial: string;
  /** Being written, with holes: after a crash nobody knows where they are, so it is not resumed. */
  readonly scattered: string;
};

const partialSuffix = '.partial';
const scatteredSuffix = '.scattered';
/** What the directories are called that share the payloads between them: at most 1,296 of them. */
const shardName = /^[a-z0-9]{2}$/;

/** Is this the name of a directory of payloads? */
export const isShard = (name: string): boolean => shardName.test(name);

/** Where a payload stands; refuses what is not a key, so that nothing else ever becomes a path. */
export const placeOf = (root: string, key: string): Place => {
  if (!payloadKey.safeParse(key).success)
    throw failing(permanent('badKey', `${JSON.stringify(key.slice(0, 120))} is not a payload key (<node>.<id>)`));
  // By the end of the id: its beginning is the time, the same for all that arrive together.
  const directory = join(
    root,
    key
      .slice(key.indexOf('.') + 1)
      .slice(-2)
      .padStart(2, '0'),
  );
  const file = join(directory, key);
  return { key, directory, file, partial: file + partialSuffix, scattered: file + scatteredSuffix };
};

/** The payload that a file name stands for, or undefined for a file that is not ours. */
export const readName = (name: string): { readonly key: string; readonly committed: boolean } | undefined => {
  const suffix = [partialSuffix, scatteredSuffix].find((each) => name.endsWith(each));
  const key = suffix === undefined ? name : name.slice(0, -suffix.length);
  return payloadKey.safeParse(key).success ? { key, committed: suffix === undefined } : undefined;
};
