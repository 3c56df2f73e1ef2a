/** Watches the disk: beyond the mark nothing new is taken, so that there is room to go on with what was. */
import { type Either, isLeft, left, right } from 'fp-ts/lib/Either.js';
import { type DiskSettings, marksOf, type Room, usable } from '../domain/disk.ts';
import { type Failure, temporary } from '../domain/failure.ts';
import type { Clock, Disk, Log, PayloadStore, PayloadWriter } from '../domain/ports.ts';

/** The guard of a disk. Its refusals are temporary failures `noSpace`. */
export type DiskGuard = {
  /** May so many bytes more be taken now? Counts them, and looks at the disk again once a second, or as soon as they could matter. */
  mayTake(bytes: number): Promise<Either<Failure, void>>;
  /** Keeps room for a payload whose size is known, until the answer is called; others that ask do not get it. */
  claim(bytes: number): Promise<Either<Failure, () => void>>;
  stop(): void;
};

/** What the guard rests on. */
export type DiskNeeds = {
  readonly disk: Disk;
  readonly settings: DiskSettings;
  readonly clock: Clock;
  readonly log: Log;
};

const every = 1_000;
/** The room that must be there before the mark counts as left again, as a share of the mark. */
const hysteresis = 1.1;
const noRoom: Failure = temporary('noSpace', 'there is no room on the disk for more data at the moment');

/** Starts to watch; answers after the first look. */
export const watchDisk = async (needs: DiskNeeds): Promise<DiskGuard> => {
  const { disk, settings, clock, log } = needs;
  let room: Room = { free: 0, total: 0, reserved: 0 };
  let full = false;
  let unseen = false;
  let taken = 0;
  let claimed = 0;
  let lookedAt = clock.monotonic();
  let looking: Promise<void> | undefined;
  let stopped = false;
  let cancel: () => void = () => undefined;

  const mark = (): number => marksOf(settings, room.total).mark;
  const roomLeft = (): number => usable(room, settings) - taken;

  const lookOnce = async (): Promise<void> => {
    const seen = await disk.room()();
    lookedAt = clock.monotonic();
    if (isLeft(seen)) {
      if (!unseen) log.alarm('cannot see how full the disk is', { why: seen.left.text });
      unseen = true;
      return;
    }
    unseen = false;
    taken = 0;
    room = await keepReserve(needs, seen.right);
    tell();
  };

  const tell = (): void => {
    const [now, limit] = [usable(room, settings), mark()];
    const before = full;
    full = now < (full ? limit * hysteresis : limit);
    if (full === before) return;
    const facts = { free: room.free, mark: limit, total: room.total };
    if (full) log.alarm('the disk is nearly full: new data is refused until there is room again', facts);
    else log.info('there is room on the disk again', facts);
  };

  const look = (): Promise<void> => {
    looking ??= lookOnce().finally(() => {
      looking = undefined;
      cancel();
      if (!stopped) cancel = clock.after(every, () => void look());
    });
    return looking;
  };

  const refresh = async (): Promise<void> => {
    if (clock.monotonic() - lookedAt >= every || (!full && roomLeft() < mark())) await look();
  };

  await look();
  return {
    mayTake: async (bytes) => {
      taken += bytes;
      await refresh();
      return full ? left(noRoom) : right(undefined);
    },
    claim: async (bytes) => {
      await refresh();
      if (full || roomLeft() - claimed - bytes < mark()) return left(noRoom);
      claimed += bytes;
      let over = false;
      return right(() => {
        if (!over) claimed -= bytes;
        over = true;
      });
    },
    stop: () => {
      stopped = true;
      cancel();
    },
  };
};

/** Gives the reserve up beyond the mark of the log, and makes it again when there is room for it and for data. */
const keepReserve = async ({ disk, settings, log }: DiskNeeds, room: Room): Promise<Room> => {
  const { mark, logMark } = marksOf(settings, room.total);
  if (room.free < logMark && room.reserved > 0) {
    const released = await disk.release()();
    if (isLeft(released)) return room;
    log.warn('the disk is full: the reserve is given up, so that the log and the purge go on', { ...room });
    return { ...room, free: room.free + room.reserved, reserved: 0 };
  }
  if (room.reserved === settings.reserve || usable(room, settings) < mark * hysteresis) return room;
  const made = await (settings.reserve === 0 ? disk.release() : disk.reserve(settings.reserve))();
  if (isLeft(made)) return room;
  return { ...room, free: usable(room, settings), reserved: settings.reserve };
};

/** Before anything is opened on a disk that is full: the reserve is there for that. */
export const roomToStart = async (disk: Disk, settings: DiskSettings): Promise<void> => {
  const room = await disk.room()();
  if (!isLeft(room) && room.right.free < marksOf(settings, room.right.total).logMark) await disk.release()();
};

/** The payload store as everybody sees it: it takes nothing that the guard objects to, neither new payloads nor more of a running one. */
export const guardedPayloads = (payloads: PayloadStore, guard: Pick<DiskGuard, 'mayTake'>): PayloadStore => ({
  ...payloads,
  write: (key, options) => async () => {
    const may = await guard.mayTake(0);
    // What is there already takes no room: that is for the store to say.
    if (isLeft(may) && isLeft(await payloads.stat(key)())) return may;
    const opened = await payloads.write(key, options)();
    return isLeft(opened) ? opened : right(guardedWriter(opened.right, guard));
  },
});

const guardedWriter = (writer: PayloadWriter, guard: Pick<DiskGuard, 'mayTake'>): PayloadWriter => ({
  get size() {
    return writer.size;
  },
  write: (offset, bytes) => async () => {
    const may = await guard.mayTake(bytes.length);
    return isLeft(may) ? may : writer.write(offset, bytes)();
  },
  commit: writer.commit,
  abandon: writer.abandon,
});
