/** What we do at a partner's SFTP server, one request after the other (draft-ietf-secsh-filexfer-02). */
import { posix } from 'node:path';
import type { FileEntryWithStats, SFTPWrapper, Stats } from 'ssh2';
import { type Attempt, type Failure, failing, failureIn, temporary } from '../../domain/failure.ts';
import {
  isPartnerFileName,
  mostFiles,
  type PartnerFile,
  type PartnerListing,
  type PartnerSession,
} from '../../domain/partner.ts';
import { attempt } from '../shared/attempt.ts';
import { closed } from '../shared/lifeline.ts';
import {
  badName,
  exists,
  isSayable,
  linkBroken,
  notFound,
  notPermitted,
  outcomeUnknown,
  peerFailed,
  timeout,
  tooMany,
} from '../shared/partner-failures.ts';
import { readAhead, whileSilent } from './read-ahead.ts';
import { status } from './replies.ts';
import { type Ask, asked, type Callback, type Opened } from './requests-out.ts';
import { writeBehind } from './write-behind.ts';

const idle = 30_000;
const silent = 60_000;

/** Makes the session. */
export const partnerSession = (opened: Opened): PartnerSession => {
  const { sftp, life, place } = opened;
  const late = (what: string): Failure => timeout(place, idle, what);
  /** One request and its answer. */
  const ask = <A>(what: string, request: (done: Callback<A>) => void): Promise<A> =>
    life.within(idle, late(what), asked(request));
  const on = <A>(path: string, run: () => Promise<A>): Attempt<A> =>
    attempt(
      () => {
        if (!isSayable(path)) throw failing(badName(path));
        alive();
        return run();
      },
      (error) => failureOf(opened, path, error),
    );
  /** One whose loss leaves us in the dark. */
  const askOnce = <A>(what: string, request: (done: Callback<A>) => void): Promise<A> =>
    ask(what, request).catch((error: unknown) => {
      throw codeIn(error) === undefined ? failing(outcomeUnknown(place, what)) : error;
    });
  const alive = (): void => {
    const why = life.why();
    if (why !== undefined) throw failing(why);
  };
  const there = (path: string): Promise<Stats | undefined> =>
    ask<Stats>(`looking at ${path}`, (done) => sftp.lstat(path, done)).catch((error: unknown) => {
      if (codeIn(error) === status.noSuchFile) return undefined;
      throw error;
    });

  return {
    list: (directory) =>
      on(directory, async () => {
        const handle = await ask<Buffer>(`listing ${directory}`, (done) => sftp.opendir(directory, done));
        const found = await entries(handle, directory, ask, sftp);
        await ask<unknown>(`listing ${directory}`, (done) => sftp.close(handle, done));
        return found;
      }),
    look: (path) =>
      on(path, async () => {
        const stats = await there(path);
        return stats !== undefined && isPlain(stats) ? fileOf(path, stats) : undefined;
      }),
    read: (path, start) =>
      on(path, async () => {
        const handle = await ask<Buffer>(`opening ${path}`, (done) => sftp.open(path, 'r', done));
        const { size } = await ask<Stats>(`looking at ${path}`, (done) => sftp.fstat(handle, done));
        return bytesOf(opened, { path, handle, start, size });
      }),
    write: (path, bytes) => on(path, () => writeBehind(opened, path, bytes, ask)),
    rename: (from, to) =>
      on(from, async () => {
        if (!isSayable(to)) throw failing(badName(to));
        // Looked at first: version 3 may replace or refuse, as the server likes.
        if ((await there(to)) !== undefined) throw failing(exists(to));
        await askOnce<unknown>(`renaming ${from}`, (done) => sftp.rename(from, to, done)).catch(
          async (error: unknown) => {
            // OpenSSH says no more than "failure" where the target is there.
            const taken = codeIn(error) === status.failure && (await there(to)) !== undefined;
            throw taken ? failing(exists(to)) : error;
          },
        );
      }),
    remove: (path) =>
      on(path, async () => {
        await askOnce<unknown>(`removing ${path}`, (done) => sftp.unlink(path, done));
      }),
    close: () => {
      life.end(closed);
      return Promise.resolve();
    },
  };
};

const entries = async (handle: Buffer, directory: string, ask: Ask, sftp: SFTPWrapper): Promise<PartnerListing> => {
  const files: PartnerFile[] = [];
  let [skipped, all] = [0, 0];
  for (;;) {
    const some = await ask<FileEntryWithStats[]>(`listing ${directory}`, (done) => sftp.readdir(handle, done)).catch(
      (error: unknown) => {
        if (codeIn(error) === status.eof) return undefined;
        throw error;
      },
    );
    if (some === undefined) break;
    all += Math.max(1, some.length);
    if (all > mostFiles) {
      await ask<unknown>(`listing ${directory}`, (done) => sftp.close(handle, done));
      throw failing(tooMany(directory, mostFiles));
    }
    for (const { filename, longname, attrs } of some) {
      if (filename === '.' || filename === '..' || !isPlain(attrs, longname)) continue;
      if (!isPartnerFileName(filename)) skipped += 1;
      else files.push(fileOf(posix.join(directory, filename), attrs));
    }
  }
  return { files: files.sort((a, b) => (a.name < b.name ? -1 : 1)), skipped };
};

/** Is it a plain file? A server need not tell the mode; then its `ls -l` line does. */
const isPlain = (attributes: Stats, line = '-'): boolean =>
  (attributes.mode as number | undefined) === undefined ? line.startsWith('-') : attributes.isFile();

const fileOf = (path: string, { size, mtime }: Stats): PartnerFile => ({
  path,
  name: posix.basename(path),
  size,
  modified: (mtime as number | undefined) === undefined ? undefined : mtime * 1000,
});

/** The status of an answer; undefined where there was none. */
const codeIn = (error: unknown): number | undefined => {
  const code = (error as { readonly code?: unknown } | undefined)?.code;
  return failureIn(error) === undefined && typeof code === 'number' ? code : undefined;
};

const failureOf = ({ life, place }: Opened, path: string, error: unknown): Failure => {
  const known = failureIn(error) ?? (codeIn(error) === undefined ? life.why() : undefined);
  if (known !== undefined) return known;
  const text = error instanceof Error ? error.message : String(error);
  switch (codeIn(error)) {
    case undefined:
      return linkBroken(place, text);
    case status.noSuchFile:
      return notFound(path);
    case status.permissionDenied:
      return notPermitted(path, text);
    default:
      return peerFailed(path, text);
  }
};

/** The bytes; ends the session where they are not read to their end. */
async function* bytesOf(
  opened: Opened,
  file: { readonly path: string; readonly handle: Buffer; readonly start: number; readonly size: number },
): AsyncGenerator<Uint8Array, void, undefined> {
  const { sftp, life, place, clock } = opened;
  let whole = false;
  const dead = (): void => life.end(temporary('linkBroken', `no byte of ${file.path} came within ${silent / 1000} s`));
  try {
    yield* readAhead({ ...opened, ...file }, (next) => next.finally(whileSilent(opened, clock, silent, dead)));
    await life.within(
      idle,
      timeout(place, idle, 'closing'),
      asked<unknown>((done) => sftp.close(file.handle, done)),
    );
    whole = true;
  } catch (error) {
    const failure = life.why() ?? failureOf(opened, file.path, error);
    throw failing(failure.code === 'peerFailed' ? linkBroken(place, failure.text) : failure);
  } finally {
    if (!whole) life.end(closed);
  }
}
