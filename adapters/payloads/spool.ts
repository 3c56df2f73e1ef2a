import { type FileHandle, rename } from 'node:fs/promises';
import { faultPoint } from '../shared/fault-point.ts';
import { contentHash } from './content-hash.ts';
import { extents } from './extents.ts';
import { readFully, writeFully } from './file.ts';
import type { Health } from './health.ts';
import type { Place } from './layout.ts';
import { type Block, writeBuffer } from './write-buffer.ts';

/** The way of one payload's bytes to the disk: buffered, written one block at a time, hashed and synced as it goes. */
export interface Spool {
  /** The unfinished file's present name. */
  readonly path: string;
  /** Bytes from 0 on that are in the file. */
  readonly written: number;
  /** Takes the bytes over; resolves once the buffer is within its bound. Throws what an earlier write met. */
  push(offset: number, bytes: Uint8Array): Promise<void>;
  /** Resolves when everything taken over is in the file, and no sync runs. */
  drained(): Promise<void>;
  /** Ends the re-reading, and with `discard` the writing of what is still buffered, too; resolves when nothing runs. */
  stop(options: { readonly discard: boolean }): Promise<void>;
  /** SHA-256 of the whole file, re-reading what the hash has missed. */
  sha256(): Promise<string>;
}

const mebibyte = 1024 * 1024;
const bufferBound = 4 * mebibyte;
const syncEvery = 64 * mebibyte;
/** How much is re-read at most before waiting blocks have their turn. */
const catchUpAtOnce = 4 * mebibyte;

/** Spools into an open file that has `length` bytes already. */
export const spool = (place: Place, handle: FileHandle, length: number, health: Health): Spool => {
  const written = extents(length);
  const buffer = writeBuffer();
  const hash = contentHash();
  let path = place.partial;
  let running = false;
  let idle = Promise.resolve();
  let syncing: Promise<void> | undefined;
  let unsynced = 0;
  let stopped = false;
  let trouble: { readonly error: unknown } | undefined;
  const waiting: (() => void)[] = [];

  const release = (): void => {
    for (const each of waiting.splice(0)) each();
  };
  const fail = (error: unknown): void => {
    trouble ??= { error };
    buffer.clear();
    release();
  };
  const throwTrouble = (): void => {
    if (trouble !== undefined) throw trouble.error;
  };

  const call = async (name: string): Promise<void> => {
    faultPoint('payload.scatter.before');
    await rename(path, name);
    faultPoint('payload.scatter.after');
    path = name;
  };

  const syncInBackground = (): void => {
    unsynced = 0;
    faultPoint('payload.datasync.before');
    syncing = health
      .must(() => handle.datasync())
      .then(() => faultPoint('payload.datasync.after'))
      .catch(fail)
      .finally(() => {
        syncing = undefined;
      });
  };

  const flush = async (block: Block): Promise<void> => {
    // The name changes before the first hole is there and after the last is gone, so a crash never shows a hole as data.
    if (path !== place.scattered && written.leavesHole(block.offset)) await call(place.scattered);
    const writing = writeFully(handle, block.bytes, block.offset);
    hash.wrote(block.offset, block.bytes);
    await writing;
    written.add(block.offset, block.offset + block.bytes.length);
    if (path === place.scattered && written.islands === 0) await call(place.partial);
    unsynced += block.bytes.length;
    if (unsynced >= syncEvery && syncing === undefined) syncInBackground();
  };

  const isBehind = (): boolean => !stopped && !hash.spoiled && hash.mark < written.contiguous;

  const catchUp = async (most: number): Promise<void> => {
    const bytes = Buffer.allocUnsafe(Math.min(mebibyte, written.contiguous - hash.mark));
    for (let done = 0; done < most && isBehind(); ) {
      const part = bytes.subarray(0, Math.min(bytes.length, written.contiguous - hash.mark));
      await readFully(place.key, handle, part, hash.mark);
      hash.feed(part);
      done += part.length;
    }
  };

  const pump = async (): Promise<void> => {
    try {
      for (;;) {
        const block = buffer.take();
        if (block !== undefined) {
          await flush(block);
          buffer.done(block);
          if (buffer.held <= bufferBound) release();
        } else if (!isBehind()) return;
        if (isBehind()) await catchUp(catchUpAtOnce);
      }
    } catch (error) {
      fail(error);
    } finally {
      running = false;
    }
  };
  const run = (): void => {
    if (running) return;
    running = true;
    idle = pump();
  };
  if (length > 0) run();

  const drained = async (): Promise<void> => {
    await idle;
    await syncing;
    throwTrouble();
  };

  return {
    get path() {
      return path;
    },
    get written() {
      return written.contiguous;
    },
    push: async (offset, bytes) => {
      throwTrouble();
      buffer.push(offset, bytes);
      run();
      if (buffer.held > bufferBound) await new Promise<void>((resolve) => waiting.push(resolve));
      throwTrouble();
    },
    drained,
    stop: async ({ discard }) => {
      stopped = true;
      if (discard) buffer.clear();
      release();
      await idle;
      await syncing;
    },
    sha256: async () => {
      if (hash.spoiled) hash.restart();
      await catchUp(Number.POSITIVE_INFINITY);
      return hash.digest();
    },
  };
};
