/** One child per outbox directory: what is dropped there is taken in, recorded, and only then removed. */
import { isLeft } from 'fp-ts/lib/Either.js';
import type { Failure } from '../domain/failure.ts';
import { globMatches } from '../domain/glob.ts';
import {
  type DroppedFile,
  isSameOne,
  isUnchanged,
  isUnfinished,
  type Outbox,
  type Outboxes,
  takenAs,
} from '../domain/outbox.ts';
import type { Clock, Log } from '../domain/ports.ts';
import { pause } from './pause.ts';
import { objection, recording, type TransmitNeeds } from './transmit.ts';

/** What watching rests on. */
export type WatchNeeds = TransmitNeeds & { readonly outboxes: Outboxes; readonly clock: Clock; readonly log: Log };

const every = 1_000;

/** Files by name, each with when it was first seen so (monotonic milliseconds). */
type Seen = ReadonlyMap<string, { readonly file: DroppedFile; readonly since: number }>;

/** Watches these outboxes; answers the means to stop. */
export const watchOutboxes = (needs: WatchNeeds, settings: readonly Outbox[]): (() => Promise<void>) => {
  const stopping = new AbortController();
  const directories = [...new Set(settings.map((each) => each.directory))];
  const running = directories.map((directory) =>
    watch(
      needs,
      directory,
      settings.filter((each) => each.directory === directory),
      stopping.signal,
    ).catch((error: unknown) => {
      if (!stopping.signal.aborted)
        needs.log.alarm('an outbox is watched no more; start the server again', { directory, error: String(error) });
    }),
  );
  return async () => {
    stopping.abort();
    await Promise.all(running);
  };
};

const watch = async (
  needs: WatchNeeds,
  directory: string,
  outboxes: readonly Outbox[],
  signal: AbortSignal,
): Promise<void> => {
  const taker = takerOf(needs, directory);
  let seen: Seen = new Map();
  while (!signal.aborted) {
    const listed = await needs.outboxes.list(directory)();
    if (isLeft(listed)) taker.tell('', 'an outbox cannot be watched', listed.left);
    else {
      taker.forgetAllBut(['', ...listed.right.map(keyOf)]);
      seen = await round(needs, taker, outboxes, seen, listed.right, signal);
    }
    await pause(needs.clock, every, signal);
  }
};

const round = async (
  { clock }: WatchNeeds,
  taker: Taker,
  outboxes: readonly Outbox[],
  before: Seen,
  files: readonly DroppedFile[],
  signal: AbortSignal,
): Promise<Seen> => {
  const now = clock.monotonic();
  const unfinished = [...before.values()].filter(({ file }) => outboxes.some((each) => isUnfinished(each, file.name)));
  const seen = new Map<string, { readonly file: DroppedFile; readonly since: number }>();
  for (const file of files) {
    const known = before.get(file.name);
    const since = known !== undefined && isUnchanged(known.file, file) ? known.since : now;
    seen.set(file.name, { file, since });
    if (signal.aborted) continue;
    const transfer = takenAs(file.name);
    if (transfer !== undefined) {
      await taker.finish(file, transfer);
      continue;
    }
    const outbox = outboxes.find((each) => globMatches(each.name, file.name));
    if (outbox === undefined || isUnfinished(outbox, file.name)) continue;
    const renamed = unfinished.some((each) => each.file.name !== file.name && isSameOne(each.file, file));
    if (renamed || now - since >= outbox.settle) await taker.take(outbox, file);
  }
  return seen;
};

type Taker = ReturnType<typeof takerOf>;

/** Takes the files of one directory; each trouble is told once. */
const takerOf = (needs: WatchNeeds, directory: string) => {
  const { outboxes, streams, ids, log, channels } = needs;
  const record = recording(needs);
  const told = new Map<string, string>();
  const taken = new Map<string, string>();

  const tell = (key: string, message: string, { code, text }: Pick<Failure, 'code' | 'text'>, name?: string): void => {
    if (code === 'changed' || code === 'noSpace' || told.get(key) === text) return;
    told.set(key, text);
    log.alarm(message, { directory, ...(name === undefined ? {} : { name }), why: text });
  };

  const remove = async (file: DroppedFile, transfer: string): Promise<void> => {
    const removed = await outboxes.remove(directory, file, transfer)();
    if (isLeft(removed)) tell(keyOf(file), 'a file that was taken cannot be removed', removed.left, file.name);
  };

  return {
    tell,
    forgetAllBut: (keys: readonly string[]) => {
      const there = new Set(keys);
      for (const key of told.keys()) if (!there.has(key)) told.delete(key);
      for (const key of taken.keys()) if (!there.has(key)) taken.delete(key);
    },
    /** Goes on where a crash cut a removal off. */
    finish: async (file: DroppedFile, transfer: string) => {
      const known = await streams.load(transfer);
      if (!isLeft(known) && known.right?.transfer.payload?.size === file.size) await remove(file, transfer);
    },
    take: async ({ channel, target, viaDmz }: Outbox, file: DroppedFile) => {
      const { name, inode, born, size, modified, changed } = file;
      const key = keyOf(file);
      const what = { channel, directory: target, name, viaDmz };
      const why = objection(channels(), what);
      if (why !== undefined) {
        tell(key, 'a file cannot be sent', { code: why.reason, text: why.text }, name);
        return;
      }
      // The change time is in it, since a copy of the same file tomorrow may have all else in common.
      const transfer = taken.get(key) ?? ids.derived('outbox', directory, name, inode, born, size, modified, changed);
      const done = await record(transfer, what, outboxes.read(directory, file), { login: 'outbox' }, size)();
      if (isLeft(done)) {
        tell(key, 'a file cannot be taken', done.left, name);
        return;
      }
      taken.set(key, transfer);
      await remove(file, transfer);
    },
  };
};

/** What makes it this file; not its change time, since a person who mends its rights changes that. */
const keyOf = ({ name, inode, born, size, modified }: DroppedFile): string =>
  [name, inode, born, size, modified].join('/');
