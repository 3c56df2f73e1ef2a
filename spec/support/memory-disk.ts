/** A disk whose fullness a test decides. */
import { left, right } from 'fp-ts/lib/Either.js';
import type { Room } from '../../domain/disk.ts';
import { temporary } from '../../domain/failure.ts';
import type { Disk } from '../../domain/ports.ts';

/** The disk, and how much of it is taken by others; `looks` counts how often it was looked at. */
export type MemoryDisk = Disk & { others: number; looks: number; broken: boolean; readonly reserved: () => number };

/** An empty disk of so many bytes. */
export const memoryDisk = (total: number): MemoryDisk => {
  let reserved = 0;
  const memory: MemoryDisk = {
    others: 0,
    looks: 0,
    broken: false,
    reserved: () => reserved,
    room: () => () => {
      memory.looks += 1;
      const room: Room = { free: Math.max(0, total - memory.others - reserved), total, reserved };
      return Promise.resolve(memory.broken ? left(temporary('unavailable', 'cannot look (EIO)')) : right(room));
    },
    reserve: (bytes) => () => {
      if (total - memory.others < bytes) return Promise.resolve(left(temporary('noSpace', 'no space')));
      reserved = bytes;
      return Promise.resolve(right(undefined));
    },
    release: () => () => {
      reserved = 0;
      return Promise.resolve(right(undefined));
    },
  };
  return memory;
};
