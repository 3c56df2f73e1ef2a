/** A partner's home on dmz: tables, not directories. What changes here changes a view, never a delivered payload. */
import { isLeft, left, right } from 'fp-ts/lib/Either.js';
import { channelStream, type ReplicatedChannel } from '../domain/channel.ts';
import { type Decision, refusal } from '../domain/failure.ts';
import type { Answer, Entry, Taken } from '../domain/intake.ts';
import { parentOf } from '../domain/path.ts';
import { keyOf } from '../domain/payload.ts';
import type { Who } from '../domain/transfer/vocabulary.ts';
import { emptyDirectory, type HomeRow, homeProjection } from '../projections/home.ts';
import type { Arrivals } from './arrivals.ts';
import { isCurrent } from './current.ts';
import { behind, deliverUpload, expireUpload, isFinalName, type Receiving, recordUpload } from './receive.ts';
import { asRefusal } from './refusals.ts';
import type { LocalFact } from './streams.ts';

/** What a home rests on. */
export type HomeNeeds = Receiving & { readonly arrivals: Arrivals };

/** The operations of a home. Paths are in their normal form. */
export type Home = {
  list(path: string): Answer<readonly Entry[]>;
  stat(path: string): Answer<Entry>;
  /** The file at a path, or why there is none to read. */
  file(path: string): Answer<HomeRow>;
  /** May a file be written at this path? Answers the file that is there now. */
  mayWrite(path: string): Answer<HomeRow | undefined>;
  makeDirectory(path: string): Answer<void>;
  removeDirectory(path: string): Answer<void>;
  remove(path: string): Answer<void>;
  /** Also makes a transfer of an upload that gets its final name. */
  rename(from: string, to: string, replace: boolean): Answer<Taken>;
  setModified(path: string, modified: number): Answer<void>;
};

const mostEntries = 100_000;
const mostDirectories = 1_000;
const mostViewChanges = 1_000;
const stillWritten = refusal('busy', 'it is still being written');

/** A change goes by what the view shows, so it waits for a view that is current. */
const changing =
  <A>(needs: HomeNeeds, change: Answer<A>): Answer<A> =>
  async () =>
    (await isCurrent(needs)) ? change() : left(behind);

/** The home of a channel, as this partner changes it. */
export const homeOf = (needs: HomeNeeds, channel: ReplicatedChannel, by: Who): Home => {
  const all = async (where: Readonly<Record<string, string>>): Promise<Decision<readonly HomeRow[]>> => {
    await isCurrent(needs);
    const found = await needs.models.query(homeProjection, {
      where: { channel: channel.name, ...where },
      limit: mostEntries,
    })();
    return isLeft(found) ? left(asRefusal(found.left)) : found;
  };
  const rows = async (where: Readonly<Record<string, string>>): Promise<Decision<readonly HomeRow[]>> => {
    const found = await all(where);
    return isLeft(found) ? found : right(newest(found.right));
  };
  const find = async (path: string): Promise<Decision<HomeRow | undefined>> => {
    if (path === '/') return right(emptyDirectory(channel.name, '/'));
    const found = await rows({ path });
    return isLeft(found) ? found : right(found.right[0]);
  };
  const need = async (path: string): Promise<Decision<HomeRow>> => {
    const found = await find(path);
    if (isLeft(found)) return found;
    return found.right === undefined
      ? left(refusal('notFound', 'there is no such file or directory'))
      : right(found.right);
  };
  const needDirectory = async (path: string): Promise<Decision<void>> => {
    const found = await need(path);
    if (isLeft(found)) return found;
    return found.right.kind === 'directory' ? right(undefined) : left(refusal('notDirectory', 'it is not a directory'));
  };
  const needFile = async (path: string): Promise<Decision<HomeRow>> => {
    const found = await need(path);
    if (isLeft(found)) return found;
    return found.right.kind === 'directory' ? left(refusal('isDirectory', 'it is a directory')) : found;
  };
  const children = (path: string) => rows({ directory: path });
  const record = async (stream: string, facts: readonly LocalFact[]): Promise<Decision<void>> => {
    const done = await needs.streams.recordLocal(stream, facts);
    return isLeft(done) ? left(asRefusal(done.left)) : right(undefined);
  };
  const changeView = async (row: HomeRow, path: string | null, modified?: number): Promise<Decision<void>> => {
    const data = { path, ...(modified === undefined ? {} : { modified }), by };
    if (row.kind === 'upload') {
      if (isWritten(row)) return left(stillWritten);
      if (path === null) return expireUpload(needs, row.id ?? '', by);
      return recordUpload(needs.streams, row.id ?? '', [{ type: 'uploadRenamed', data: { ...data, path } }]);
    }
    const done = await needs.streams.record(row.id ?? '', 'view', (folded) =>
      (folded?.transfer.viewChanges ?? mostViewChanges) >= mostViewChanges
        ? left(refusal('notPermitted', 'it was renamed too often'))
        : right([{ type: 'viewChanged', data }]),
    );
    return isLeft(done) ? left(asRefusal(done.left)) : right(undefined);
  };
  const isWritten = (row: HomeRow): boolean => needs.arrivals.sizeOf(row.id ?? '') !== undefined;
  /** Takes away what is at a path but for `kept`: also the older files that the newest one hides, lest they come to light. */
  const clear = async (path: string, kept?: string | null): Promise<Decision<void>> => {
    const found = await all({ path });
    if (isLeft(found)) return found;
    const others = found.right.filter((row) => row.kind !== 'directory' && row.id !== kept);
    for (const row of others.toSorted((a, b) => (a.since < b.since ? -1 : 1))) {
      const removed = await changeView(row, null);
      if (isLeft(removed)) return removed;
    }
    return right(undefined);
  };
  const move = async (row: HomeRow, to: string): Promise<Decision<Taken>> => {
    const cleared = await clear(to);
    if (isLeft(cleared)) return cleared;
    const changed = await changeView(row, to);
    return isLeft(changed) ? changed : right({ transfer: undefined });
  };
  /** What it replaces goes afterwards: it may be the very transfer of which this is the second try. */
  const deliverTo = async (row: HomeRow, to: string): Promise<Decision<Taken>> => {
    const delivered = await deliverUpload(needs, channel, row, to);
    if (isLeft(delivered)) return delivered;
    const cleared = await clear(to, delivered.right.transfer);
    return isLeft(cleared) ? cleared : delivered;
  };
  const entry = async (row: HomeRow): Promise<Entry> => {
    const { name, modified, size } = row;
    if (row.kind === 'directory') return { name, kind: 'directory', size, modified };
    if (row.kind === 'file' || row.payload !== null) return { name, kind: 'file', size, modified };
    const id = row.id ?? '';
    const kept = await needs.payloads.partial(keyOf(needs.node, id))();
    return {
      name,
      kind: 'file',
      size: needs.arrivals.sizeOf(id) ?? (isLeft(kept) ? 0 : kept.right),
      modified,
      incomplete: true,
    };
  };

  return {
    list: (path) => async () => {
      const directory = await needDirectory(path);
      if (isLeft(directory)) return directory;
      const found = await children(path);
      return isLeft(found) ? found : right(await Promise.all(found.right.map(entry)));
    },
    stat: (path) => async () => {
      const found = await need(path);
      return isLeft(found) ? found : right(await entry(found.right));
    },
    file: (path) => async () => {
      const found = await needFile(path);
      if (isLeft(found) || found.right.payload !== null) return found;
      return left(refusal('notPermitted', 'the file is not complete yet'));
    },
    mayWrite: (path) =>
      changing(needs, async () => {
        const there = await find(path);
        if (isLeft(there)) return there;
        if (there.right?.kind === 'directory') return left(refusal('isDirectory', 'it is a directory'));
        const parent = await needDirectory(parentOf(path));
        return isLeft(parent) ? parent : there;
      }),
    makeDirectory: (path) =>
      changing(needs, async () => {
        const there = await find(path);
        if (isLeft(there)) return there;
        if (there.right !== undefined) return left(refusal('exists', 'it exists already'));
        const parent = await needDirectory(parentOf(path));
        if (isLeft(parent)) return parent;
        const directories = await needs.models.count(homeProjection, { channel: channel.name, kind: 'directory' })();
        if (isLeft(directories)) return left(asRefusal(directories.left));
        if (directories.right >= mostDirectories)
          return left(refusal('noSpace', `a home has at most ${mostDirectories} directories`));
        return record(channelStream(channel.name), [{ type: 'directoryMade', data: { path, by } }]);
      }),
    removeDirectory: (path) =>
      changing(needs, async () => {
        const directory = await needDirectory(path);
        if (isLeft(directory)) return directory;
        if (path === '/') return left(refusal('notPermitted', 'the home itself cannot be removed'));
        const inside = await children(path);
        if (isLeft(inside)) return inside;
        if (inside.right.length > 0) return left(refusal('notEmpty', 'the directory is not empty'));
        return record(channelStream(channel.name), [{ type: 'directoryRemoved', data: { path, by } }]);
      }),
    remove: (path) =>
      changing(needs, async () => {
        const found = await needFile(path);
        return isLeft(found) ? found : clear(path);
      }),
    rename: (from, to, replace) =>
      changing(needs, async () => {
        const found = await needFile(from);
        if (isLeft(found)) {
          return found.left.reason === 'isDirectory'
            ? left(refusal('notPermitted', 'directories cannot be renamed'))
            : found;
        }
        if (from === to) return right({ transfer: undefined });
        const there = await find(to);
        if (isLeft(there)) return there;
        if (there.right?.kind === 'directory') return left(refusal('isDirectory', 'the new name is a directory'));
        if (there.right !== undefined && !replace) return left(refusal('exists', 'the new name exists already'));
        const parent = await needDirectory(parentOf(to));
        if (isLeft(parent)) return parent;
        if (there.right?.kind === 'upload' && isWritten(there.right)) return left(stillWritten);
        const cleared = await clear(from, found.right.id);
        if (isLeft(cleared)) return cleared;
        const isFinal = found.right.kind === 'upload' && isFinalName(channel, to);
        return isFinal ? deliverTo(found.right, to) : move(found.right, to);
      }),
    setModified: (path, modified) =>
      changing(needs, async () => {
        const found = await need(path);
        if (isLeft(found)) return found;
        return found.right.kind === 'directory' ? right(undefined) : changeView(found.right, path, modified);
      }),
  };
};

/** Of several files under one path only the latest is seen. */
const newest = (rows: readonly HomeRow[]): readonly HomeRow[] => {
  const seen = new Map<string, HomeRow>();
  for (const row of rows) {
    const other = seen.get(row.path);
    if (other === undefined || other.since < row.since) seen.set(row.path, row);
  }
  return [...seen.values()];
};
