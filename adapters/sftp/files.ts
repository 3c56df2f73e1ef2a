/** Requests on files: they become uploads and downloads of the intake. */

import { left } from 'fp-ts/lib/TaskEither.js';
import type { Attributes } from 'ssh2';
import ssh2 from 'ssh2';
import { refusal } from '../../domain/failure.ts';
import type { Session } from '../../domain/intake.ts';
import { attributesOf } from './attributes.ts';
import type { Handles } from './handles.ts';
import { answered, badHandle, eof, ok, type Reply, refused, unsupported } from './replies.ts';

const { OPEN_MODE: mode } = ssh2.utils.sftp;
const longestRead = 256 * 1024;
const beyond = refusal('tooLarge', 'no file is that large');
const farthest = Number.MAX_SAFE_INTEGER - longestRead;

/** Why a further handle is refused. */
export const tooManyHandles = refused(refusal('busy', 'too many open handles: close some first'));

/** OPEN, READ, WRITE, CLOSE, FSTAT and FSETSTAT of one channel. */
export const files = (session: Session, handles: Handles, now: () => number) => ({
  /** An open for writing that does not truncate goes on with an unfinished upload; what was delivered is never changed. */
  open: async (path: string, flags: number): Promise<Reply> => {
    if (handles.full()) return tooManyHandles;
    if ((flags & mode.WRITE) === 0 && (flags & mode.APPEND) === 0)
      return answered(session.stat(path), (entry) =>
        answered(session.download(path), (download) => handle(handles, { kind: 'download', download, entry })),
      );
    const objection = await objectionTo(session, path, flags);
    if (objection !== undefined) return objection;
    const append = (flags & mode.APPEND) !== 0;
    const resume = (flags & mode.TRUNC) === 0;
    return answered(session.upload(path, { resume }), (upload) => handle(handles, { kind: 'upload', upload, append }));
  },

  read: async (id: number, offset: number, length: number): Promise<Reply> => {
    const open = handles.get(id);
    if (open?.kind === 'upload') return refused(refusal('notPermitted', 'the file is open for writing'));
    if (open?.kind !== 'download') return badHandle;
    if (offset >= open.download.size) return eof;
    return answered(open.download.read(offset, Math.min(length, longestRead)), (bytes) =>
      bytes.length === 0 ? eof : { kind: 'data', bytes },
    );
  },

  /** OK as soon as the bytes are taken over: the bound on what is not yet on disk is the upload's. */
  write: async (id: number, offset: number, bytes: Buffer): Promise<Reply> => {
    const open = handles.get(id);
    if (open?.kind === 'download') return refused(refusal('notPermitted', 'the file is open for reading'));
    if (open?.kind !== 'upload') return badHandle;
    if (open.refusal !== undefined) return refused(open.refusal);
    const at = open.append ? open.upload.size : offset;
    const written = await (at > farthest ? left(beyond) : open.upload.write(at, bytes))();
    if (written._tag === 'Right') return ok;
    open.refusal = written.left;
    return refused(written.left);
  },

  /** For an upload the durable point; its OK is our promise. */
  close: async (id: number): Promise<Reply> => {
    const open = handles.get(id);
    if (open === undefined) return badHandle;
    handles.remove(id);
    if (open.kind === 'download') await open.download.close({ taken: true });
    if (open.kind !== 'upload') return ok;
    return open.refusal === undefined ? answered(open.upload.complete(), () => ok) : refused(open.refusal);
  },

  stat: (id: number): Reply => {
    const open = handles.get(id);
    if (open === undefined) return badHandle;
    const facts =
      open.kind === 'download'
        ? open.entry
        : open.kind === 'upload'
          ? ({ kind: 'file', size: open.upload.size, modified: now() } as const)
          : ({ kind: 'directory', size: 0, modified: now() } as const);
    return { kind: 'attributes', attributes: attributesOf(facts) };
  },

  /** Times are kept, mode and owner mean nothing here; a size only where it is already so. */
  setStat: (id: number, wanted: Partial<Attributes>): Reply => {
    const open = handles.get(id);
    if (open === undefined) return badHandle;
    if (open.kind === 'directory') return ok;
    const size = open.kind === 'upload' ? open.upload.size : open.download.size;
    if (wanted.size !== undefined && wanted.size !== size) return unsupported('a file cannot be cut or stretched');
    if (wanted.mtime !== undefined && open.kind === 'upload') open.upload.setModified(wanted.mtime * 1000);
    return ok;
  },
});

const handle = (handles: Handles, open: Parameters<Handles['add']>[0]): Reply => ({
  kind: 'handle',
  handle: handles.add(open),
});

/** What the flags demand of a file that is there, or is not, before it may be written. */
const objectionTo = async (session: Session, path: string, flags: number): Promise<Reply | undefined> => {
  const exclusive = (flags & mode.CREAT) !== 0 && (flags & mode.EXCL) !== 0;
  const mustExist = (flags & mode.CREAT) === 0;
  if (!exclusive && !mustExist) return undefined;
  const found = await session.stat(path)();
  if (found._tag === 'Left') return found.left.reason === 'notFound' && !mustExist ? undefined : refused(found.left);
  return exclusive ? refused(refusal('exists', 'the file already exists')) : undefined;
};
