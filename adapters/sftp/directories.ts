/** Requests on names: directories, attributes by path, removing and renaming. */
import type { Attributes, FileEntry } from 'ssh2';
import type { Entry, Session } from '../../domain/intake.ts';
import { attributesOf, longNameOf } from './attributes.ts';
import { tooManyHandles } from './files.ts';
import type { Handles } from './handles.ts';
import { answered, badHandle, eof, ok, type Reply, unsupported } from './replies.ts';

const namesAtOnce = 100;
/** A reply must fit what every client takes (draft-ietf-secsh-filexfer-02, section 3: 34000 bytes). */
const bytesAtOnce = 30_000;

/** REALPATH, STAT, SETSTAT, OPENDIR, READDIR, REMOVE, MKDIR, RMDIR and RENAME of one channel. */
export const directories = (session: Session, handles: Handles, now: () => number) => ({
  realPath: (path: string): Promise<Reply> =>
    answered(session.resolve(path), (resolved) => ({
      kind: 'names',
      names: [{ filename: resolved, longname: resolved, attrs: {} as Attributes }],
    })),

  stat: (path: string): Promise<Reply> =>
    answered(session.stat(path), (entry) => ({ kind: 'attributes', attributes: attributesOf(entry) })),

  setStat: (path: string, wanted: Partial<Attributes>): Promise<Reply> =>
    answered(session.stat(path), (entry) => {
      if (wanted.size !== undefined && wanted.size !== entry.size)
        return unsupported('a file cannot be cut or stretched');
      if (wanted.mtime === undefined || entry.kind === 'directory') return ok;
      return answered(session.setModified(path, wanted.mtime * 1000), () => ok);
    }),

  open: async (path: string): Promise<Reply> =>
    handles.full()
      ? tooManyHandles
      : answered(session.list(path), (entries) => ({
          kind: 'handle',
          handle: handles.add({ kind: 'directory', entries, next: 0 }),
        })),

  read: (id: number): Reply => {
    const open = handles.get(id);
    if (open?.kind !== 'directory') return badHandle;
    const names: FileEntry[] = [];
    for (let bytes = 0; names.length < namesAtOnce && bytes < bytesAtOnce; open.next += 1) {
      const entry = open.entries[open.next];
      if (entry === undefined) break;
      const named = nameOf(entry, now());
      names.push(named);
      bytes += 2 * Buffer.byteLength(named.longname) + 40;
    }
    return names.length === 0 ? eof : { kind: 'names', names };
  },

  remove: (path: string): Promise<Reply> => answered(session.remove(path), () => ok),
  makeDirectory: (path: string): Promise<Reply> => answered(session.makeDirectory(path), () => ok),
  removeDirectory: (path: string): Promise<Reply> => answered(session.removeDirectory(path), () => ok),
  rename: (from: string, to: string, replace: boolean): Promise<Reply> =>
    answered(session.rename(from, to, { replace }), () => ok),
});

const nameOf = (entry: Entry, now: number): FileEntry => ({
  filename: entry.name,
  longname: longNameOf(entry, now),
  attrs: attributesOf(entry),
});
