/** Watched directories: files that are dropped there are sent to a channel's partner. */
import { z } from 'zod';
import { plainName } from './channel.ts';
import type { Attempt } from './failure.ts';
import { globMatches } from './glob.ts';
import { duration, filePath } from './units.ts';

/** An outbox, as inner's config describes it. */
export const outboxSettings = z.strictObject({
  directory: filePath.describe('Files that are dropped here are sent, and removed once that is recorded.'),
  channel: plainName.describe('The channel whose partner they are for.'),
  target: z
    .string()
    .max(4096)
    .startsWith('/', 'a path from the top, such as /in')
    .default('/')
    .describe('Directory at the partner.'),
  viaDmz: z.boolean().default(true).describe('Sent by dmz; false: by inner itself.'),
  name: z
    .string()
    .min(1)
    .max(255)
    .default('*')
    .describe('File name pattern: * and ?. The first outbox of a directory that takes the name has it.'),
  temporaryNames: z
    .array(z.string().min(1).max(255))
    .max(50)
    .default(['.*', '*.tmp', '*.part'])
    .describe('Files of these names are left alone until they are renamed; then they are sent at once.'),
  settle: duration.prefault('2s').describe('A file under any other name is sent once it is unchanged for so long.'),
});
export type Outbox = z.infer<typeof outboxSettings>;

/** A plain file in an outbox; the stamps in nanoseconds, `born` is 0 where the file system does not say. */
export type DroppedFile = {
  readonly name: string;
  readonly inode: string;
  readonly size: number;
  readonly modified: string;
  readonly changed: string;
  readonly born: string;
};

/** Directories in which people and programs drop files. Names are plain names, never paths; links are not followed. */
export interface Outboxes {
  /** The plain files, whatever their names. */
  list(directory: string): Attempt<readonly DroppedFile[]>;
  /** The bytes of this very file; where it changes meanwhile, the iteration throws an error whose `cause` is the failure `changed`. Failures `changed`, `notPermitted`. */
  read(directory: string, file: DroppedFile): Attempt<AsyncIterable<Uint8Array>>;
  /** Removes this very file, first out of everybody's way under `asideName`; another one of its name stays, and so does one that has grown. */
  remove(directory: string, file: DroppedFile, transfer: string): Attempt<void>;
}

/** What a file is called while it is being removed. */
export const asideName = (transfer: string): string => `.${transfer}.taken`;

/** The transfer whose file is being removed under this name; undefined where the name says nothing of that. */
export const takenAs = (name: string): string | undefined => /^\.([0-9a-hjkmnp-tv-z]{26})\.taken$/.exec(name)?.[1];

/** Is this a name under which a file is still being written? */
export const isUnfinished = ({ temporaryNames }: Outbox, name: string): boolean =>
  temporaryNames.some((pattern) => globMatches(pattern, name));

/** Has nothing been written to it since? */
export const isUnchanged = (one: DroppedFile, other: DroppedFile): boolean =>
  one.inode === other.inode && one.born === other.born && one.size === other.size && one.modified === other.modified;

/** Is it the same file, whatever its name, and whatever was written to it? Where a file system tells no births, only one that has not changed is. */
export const isSameOne = (one: DroppedFile, other: DroppedFile): boolean =>
  one.born === '0' ? isUnchanged(one, other) : one.inode === other.inode && one.born === other.born;
