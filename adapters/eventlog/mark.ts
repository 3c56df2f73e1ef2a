/** What says of a log that it is not all there yet: another one is being copied to it. */
import { randomUUID } from 'node:crypto';
import { isLeft } from 'fp-ts/lib/Either.js';
import type { EventLog } from '../../domain/ports.ts';
import { copying, filler } from './movable.ts';
import { got } from './reading.ts';

const standing = async (log: EventLog) => got(await log.readStream(copying)());

/** Marks a log as not all there, if it is not marked yet. */
export const mark = async (log: EventLog): Promise<void> => {
  if ((await standing(log)).length > 0) return;
  got(await log.append(copying, [{ ...filler(copying, 0n), id: randomUUID() }], { expected: 'any' })());
};

/** Takes the mark away. */
export const unmark = async (log: EventLog): Promise<void> => {
  const last = (await standing(log)).at(-1);
  if (last !== undefined) got(await log.setRetention(copying, { keepFrom: last.revision + 1n })());
};

/** Why a log must not be used, in one sentence; undefined where it may. */
export const whyNotWhole = async (log: EventLog): Promise<string | undefined> => {
  const marks = await log.readStream(copying, { limit: 1 })();
  if (isLeft(marks)) return marks.left.text;
  return marks.right.length === 0
    ? undefined
    : 'another event log is being copied to this one, and the copy is not complete; run `sallyport log copy` again, it goes on where it ended';
};
