/** Files that are arriving now. An upload outlives the session that began it: a newer session may take it over and go on. */
import { type Either, isLeft, left, right } from 'fp-ts/lib/Either.js';
import { type Decision, type Refusal, refusal } from '../domain/failure.ts';
import type { Completion, Taken, Upload } from '../domain/intake.ts';
import { keyOf } from '../domain/payload.ts';
import type { PayloadWriter } from '../domain/ports.ts';
import {
  type Arriving,
  expireUpload,
  openedFact,
  type Receiving,
  recordUpload,
  senderGone,
  take,
  tooLarge,
} from './receive.ts';
import { asRefusal } from './refusals.ts';

/** An upload, and what became of it once it is complete. */
export type Arrival = Upload & { readonly taken: () => Taken | undefined };

/** What is being written now. */
export type Arrivals = {
  /** Before a new upload of a path: waits for an older one that is just being completed or abandoned, and, if it begins anew, gives up what there is of it. */
  makeWay(arriving: Arriving, anew: boolean): Promise<void>;
  /** Starts a new file. */
  start(arriving: Arriving): Promise<Decision<Arrival>>;
  /** Goes on with the unfinished upload `id` of an earlier session or process. */
  resume(arriving: Arriving, id: string): Promise<Decision<Arrival>>;
  /** Goes on with what a session of this process is still writing at that path, and ends that session's upload; undefined where there is none. */
  takeOver(arriving: Arriving): Arrival | undefined;
  /** Bytes so far of the upload `id`, if it is being written now. */
  sizeOf(id: string): number | undefined;
};

/** From this many bytes on, an upload is recorded while it runs, so that even a crash leaves it to be resumed. */
const worthResuming = 1024 * 1024;

type File = {
  readonly id: string;
  readonly arriving: Arriving;
  readonly writer: PayloadWriter;
  /** Whose upload it is now: a session that lost it holds an older number. */
  owner: number;
  recorded: Promise<Decision<void>> | undefined;
  modified: number | undefined;
  failed: Refusal | undefined;
  over: boolean;
  /** A newer upload of this path was begun: what there is of this one is of no use. */
  superseded: boolean;
  /** It is being completed or abandoned. */
  ending: Promise<void> | undefined;
};

const nothing = (): void => undefined;
const stays = (): Promise<boolean> => Promise.resolve(false);
const closed = refusal('invalid', 'the file is closed');
const takenOver = refusal('busy', 'another session of this login has taken the upload over');

/** Keeps track of what arrives. */
export const openArrivals = (needs: Receiving): Arrivals => {
  const live = new Map<string, File>();
  const placeOf = ({ channel, path }: Arriving): string => `${channel.name}\n${path}`;

  const end = (file: File): void => {
    file.over = true;
    needs.held.release(keyOf(needs.node, file.id));
    const place = placeOf(file.arriving);
    if (live.get(place) === file) live.delete(place);
  };

  const record = (file: File): Promise<Decision<void>> => {
    file.recorded ??= recordUpload(needs.streams, file.id, [openedFact(file.arriving)]);
    return file.recorded;
  };

  const open = async (arriving: Arriving, id: string, resume: boolean): Promise<Decision<Arrival>> => {
    const key = keyOf(needs.node, id);
    await needs.held.hold(key);
    const opened = await needs.payloads.write(key, { resume })();
    if (isLeft(opened)) {
      needs.held.release(key);
      return left(asRefusal(opened.left));
    }
    const recorded = resume ? Promise.resolve(right(undefined)) : undefined;
    const file: File = {
      ...{ id, arriving, writer: opened.right, owner: 0, recorded },
      ...{ modified: undefined, failed: undefined, over: false, superseded: false, ending: undefined },
    };
    live.set(placeOf(arriving), file);
    return right(arrival(file));
  };

  /** Nothing of it is kept, nor found again. */
  const drop = async (file: File): Promise<void> => {
    end(file);
    await file.writer.abandon();
    if (file.recorded !== undefined) await expireUpload(needs, file.id);
  };

  const isUseless = (file: File): boolean =>
    file.writer.size === 0 ||
    file.superseded ||
    file.arriving.whole ||
    file.arriving.request !== undefined ||
    ['tooLarge', 'noSpace'].includes(file.failed?.reason ?? '');

  /** What there is of it is on disk, to be resumed. It stays at its place until its record stands, so that a newer upload of the path cannot miss it. */
  const keep = async (file: File): Promise<void> => {
    await record(file);
    end(file);
    if (isUseless(file)) await expireUpload(needs, file.id);
  };

  const abandon = async (file: File): Promise<void> => {
    if (isUseless(file)) return drop(file);
    file.over = true;
    await file.writer.abandon({ keep: true });
    await keep(file);
  };

  /** All that came is committed, but its sender is gone, so that nobody knows whether it is the whole file. */
  const takeBack = async (file: File): Promise<void> => {
    const key = keyOf(needs.node, file.id);
    if (!isUseless(file) && !isLeft(await needs.payloads.reopen(key)())) return keep(file);
    await needs.payloads.remove(key)();
    await drop(file);
  };

  const complete = async (file: File, { unless = stays, asSent, mail }: Completion): Promise<Decision<Taken>> => {
    const stored = await file.writer.commit()();
    if (isLeft(stored)) {
      await drop(file);
      return left(asRefusal(stored.left));
    }
    const payload = { key: keyOf(needs.node, file.id), size: stored.right.size, sha256: stored.right.sha256 };
    const before = await (file.recorded ?? Promise.resolve(right(undefined)));
    const modified = file.modified ?? needs.clock.now();
    const opened = file.recorded !== undefined;
    const arrived = { ...file.arriving, id: file.id, payload, modified, opened, asSent, mail };
    const taken = isLeft(before) ? before : await take(needs, arrived, unless);
    if (isLeft(taken) && taken.left === senderGone) await takeBack(file);
    else end(file);
    return taken;
  };

  const arrival = (file: File): Arrival => {
    file.owner += 1;
    const { owner } = file;
    let taken: Taken | undefined;
    const objection = (): Refusal | undefined =>
      file.failed ?? (file.owner !== owner ? takenOver : file.over ? closed : undefined);
    const fail = (why: Refusal): Either<Refusal, never> => {
      file.failed ??= why;
      return left(file.failed);
    };
    return {
      taken: () => taken,
      get size() {
        return file.writer.size;
      },
      setModified: (time) => {
        file.modified = time;
      },
      write: (offset, bytes) => async () => {
        const why = objection();
        if (why !== undefined) return left(why);
        const { arriving } = file;
        if (offset + bytes.length > arriving.channel.maxSize) return fail(tooLarge(arriving.channel));
        const written = await file.writer.write(offset, bytes)();
        if (isLeft(written)) return fail(asRefusal(written.left));
        const isWorthIt = file.writer.size >= worthResuming && !isUseless(file);
        if (file.recorded === undefined && isWorthIt) void record(file);
        return right(undefined);
      },
      complete: (options) => async () => {
        const why = objection();
        if (why === undefined) {
          file.over = true;
          const completing = complete(file, options ?? {});
          file.ending = completing.then(nothing, nothing);
          const done = await completing;
          if (!isLeft(done)) taken = done.right;
          return done;
        }
        if (file.owner === owner && !file.over) await drop(file);
        return left(why);
      },
      abandon: async () => {
        if (file.over || file.owner !== owner) return;
        file.ending = abandon(file);
        await file.ending;
      },
    };
  };

  return {
    makeWay: async (arriving, anew) => {
      const file = live.get(placeOf(arriving));
      if (file === undefined) return;
      if (anew) file.superseded = true;
      await file.ending;
    },
    start: (arriving) => {
      const { request } = arriving;
      return open(arriving, request?.again === false ? request.id : needs.ids.fresh(), false);
    },
    resume: (arriving, id) => open(arriving, id, true),
    takeOver: (arriving) => {
      const file = live.get(placeOf(arriving));
      return file === undefined || file.over || file.failed !== undefined ? undefined : arrival(file);
    },
    sizeOf: (id) => [...live.values()].find((file) => file.id === id)?.writer.size,
  };
};
