import { type FileHandle, link, rename, unlink } from 'node:fs/promises';
import { failing, permanent, temporary } from '../../domain/failure.ts';
import type { PayloadWriter } from '../../domain/ports.ts';
import { attempt } from '../shared/attempt.ts';
import { faultPoint } from '../shared/fault-point.ts';
import type { DirectorySync } from '../shared/fsync.ts';
import { extents } from './extents.ts';
import { explain, type Health } from './health.ts';
import type { Place } from './layout.ts';
import { spool } from './spool.ts';

/** More islands than any client makes by sending in parallel; beyond it a write is refused. */
const mostIslands = 1024;

/** What a writer works on; `onEnd` is called once, when it has let go of the file. */
export type WriterContext = {
  readonly place: Place;
  readonly handle: FileHandle;
  /** Bytes that are in the file already. */
  readonly length: number;
  readonly health: Health;
  readonly syncDirectory: DirectorySync;
  readonly onEnd: () => void;
};

type Content = { readonly size: number; readonly sha256: string };

/** Writes one payload. A writer whose commit failed can only be abandoned. */
export const payloadWriter = (context: WriterContext): PayloadWriter => {
  const { place, handle, length, health, syncDirectory, onEnd } = context;
  const { key } = place;
  const taken = extents(length);
  const way = spool(place, handle, length, health);
  let state: 'open' | 'committing' | 'committed' | 'refused' | 'abandoned' = 'open';
  let committing: Promise<unknown> = Promise.resolve();
  let abandoning: Promise<void> | undefined;

  const checkOpen = (): void => {
    health.check();
    if (state !== 'open') throw failing(permanent('closed', `payload ${key} takes no more: it is ${state}`));
  };

  const write = async (offset: number, bytes: Uint8Array): Promise<void> => {
    checkOpen();
    const end = offset + bytes.length;
    if (!Number.isSafeInteger(offset) || offset < 0 || !Number.isSafeInteger(end))
      throw failing(permanent('badOffset', `payload ${key} cannot be written at ${offset}`));
    if (bytes.length === 0) return;
    if (taken.islands >= mostIslands && taken.leavesHole(offset))
      throw failing(permanent('scattered', `payload ${key} arrives in too many pieces with holes between them`));
    taken.add(offset, end);
    await way.push(offset, bytes);
    if (state === 'abandoned') throw failing(permanent('closed', `payload ${key} takes no more: it is abandoned`));
  };

  /** From the link on the payload may be found, so whatever fails after it leaves the outcome unknown: fatal. */
  const publish = async (): Promise<void> => {
    faultPoint('payload.fsync.before');
    await health.must(() => handle.sync());
    faultPoint('payload.fsync.after');
    health.check();
    faultPoint('payload.link.before');
    await link(way.path, place.file);
    faultPoint('payload.link.after');
    await health.must(async () => {
      faultPoint('payload.unlink.before');
      await unlink(way.path);
      faultPoint('payload.unlink.after');
      faultPoint('payload.directory.before');
      await syncDirectory(place.directory);
      faultPoint('payload.directory.after');
    });
  };

  const commit = async (expected: Content | undefined): Promise<Content> => {
    checkOpen();
    if (taken.islands > 0)
      throw failing(
        permanent('hole', `payload ${key} has a hole at byte ${taken.contiguous}: it did not arrive whole`),
      );
    state = 'committing';
    await way.drained();
    const sha256 = await way.sha256();
    if (expected !== undefined && (expected.size !== taken.contiguous || expected.sha256 !== sha256)) {
      state = 'refused';
      await way.stop({ discard: true });
      await unlink(way.path);
      await handle.close().catch(() => undefined);
      onEnd();
      throw failing(temporary('mismatch', `payload ${key} is not what was announced: its size or SHA-256 differs`));
    }
    await publish();
    state = 'committed';
    onEnd();
    await handle.close().catch(() => undefined);
    return { size: taken.contiguous, sha256 };
  };

  const keepFile = async (): Promise<void> => {
    await handle.truncate(way.written);
    faultPoint('payload.keep.before');
    await health.must(() => handle.sync());
    faultPoint('payload.keep.after');
    if (way.path !== place.partial) await rename(way.path, place.partial);
    faultPoint('payload.kept.before');
    await health.must(() => syncDirectory(place.directory));
    faultPoint('payload.kept.after');
  };

  const abandon = async (keep: boolean): Promise<void> => {
    if (state === 'open') state = 'abandoned';
    await committing;
    if (state === 'committed' || state === 'refused') return;
    state = 'abandoned';
    try {
      await way.stop({ discard: !keep });
      await (keep ? keepFile() : unlink(way.path));
    } catch {
      // What is left lies under a name that is swept; nobody waits for it.
    } finally {
      await handle.close().catch(() => undefined);
      onEnd();
    }
  };

  return {
    get size() {
      return taken.contiguous;
    },
    write: (offset, bytes) => attempt(() => write(offset, bytes), explain(key, 'written')),
    commit: (expected) =>
      attempt(
        () => {
          const run = commit(expected);
          committing = Promise.allSettled([committing, run]);
          return run;
        },
        explain(key, 'committed'),
      ),
    abandon: (options = {}) => {
      abandoning ??= abandon(options.keep === true);
      return abandoning;
    },
  };
};
