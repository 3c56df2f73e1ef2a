/** What a log does with events that need not be kept. */
import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import type { EventLog } from '../../domain/ports.ts';
import {
  appendTo,
  codeOf,
  event,
  never,
  numbers,
  type OpenedLog,
  rightOf,
  takeUntil,
} from '../support/event-log-under-test.ts';

/** Runs this part of the contract on the log that `current` answers. */
export const retentionContract = (current: () => OpenedLog): void => {
  let log: EventLog;
  let reopen: OpenedLog['reopen'];
  const keep = async (keepFrom: bigint, stream = 'a-1') => rightOf(await log.setRetention(stream, { keepFrom })());
  const revisions = async (stream = 'a-1', from = 0n, of: EventLog = log) =>
    rightOf(await of.readStream(stream, { from })()).map(({ revision }) => revision);

  describe('retention', () => {
    beforeEach(async () => {
      ({ log, reopen } = current());
      const five = [0, 1, 2, 3, 4].map((n) => event(n));
      rightOf(await appendTo(log, 'a-1', five, 'noStream'));
      rightOf(await appendTo(log, 'b-1', [event(5)], 'noStream'));
    });
    it('hides the events of one stream before a revision, at once', async () => {
      await keep(3n);
      expect(await revisions()).toEqual([3n, 4n]);
      expect(await revisions('a-1', 1n)).toEqual([3n, 4n]);
      expect(await revisions('a-1', 4n)).toEqual([4n]);
      expect(await revisions('b-1')).toEqual([0n]);
      expect(numbers(rightOf(await log.readStream('a-1', { limit: 1 })()))).toEqual([3]);
    });
    it('hides them still when the log is opened again', async () => {
      await keep(3n);
      expect(await revisions('a-1', 0n, await reopen())).toEqual([3n, 4n]);
    });
    it('goes on counting, with exact revisions', async () => {
      await keep(3n);
      expect(codeOf(await appendTo(log, 'a-1', [event(5)], 1n))).toBe('conflict');
      expect(codeOf(await appendTo(log, 'a-1', [event(5)], 'noStream'))).toBe('conflict');
      expect(rightOf(await appendTo(log, 'a-1', [event(5)], 4n)).revision).toBe(5n);
      expect(await revisions()).toEqual([3n, 4n, 5n]);
    });
    it('knows a repeated append of what it keeps', async () => {
      const sent = [event(5, randomUUID()), event(6, randomUUID())];
      const original = rightOf(await appendTo(log, 'a-1', sent, 4n));
      await keep(5n);
      expect(rightOf(await appendTo(log, 'a-1', sent, 4n))).toEqual(original);
    });
    it.each([5n, 6n, 10n ** 30n])(
      'hides all there is, but nothing that comes, from revision %d on',
      async (keepFrom) => {
        await keep(keepFrom);
        expect(await revisions()).toEqual([]);
        expect(rightOf(await appendTo(log, 'a-1', [event(5)], 4n)).revision).toBe(5n);
        expect(await revisions()).toEqual([5n]);
      },
    );
    it('never shows again what was hidden', async () => {
      await keep(3n);
      await keep(1n);
      await keep(-1n);
      expect(await revisions()).toEqual([3n, 4n]);
    });
    it('leaves a missing stream missing', async () => {
      await keep(3n, 'c-1');
      expect(rightOf(await appendTo(log, 'c-1', [event(0)], 'noStream')).revision).toBe(0n);
      expect(await revisions('c-1')).toEqual([0n]);
    });
    it('keeps what others read of the whole log in order, and lets a follower come to its end', async () => {
      rightOf(await appendTo(log, 'a-1', [event(6)], 4n));
      await keep(6n);
      const following = takeUntil(
        log.follow(undefined, never),
        (all, marks) => marks === 1 && numbers(all).includes(7),
      );
      const { position } = rightOf(await appendTo(log, 'b-1', [event(7)], 0n));
      const { events, markedAt } = await following;
      expect(markedAt).toHaveLength(1);
      expect(numbers(events).filter((n) => n === 5 || n === 7)).toEqual([5, 7]);
      expect(events.at(-1)?.position).toBe(position);
      const positions = rightOf(await log.readAll()()).map((each) => each.position);
      expect([...positions].sort()).toEqual(positions);
    });
    it('never gives a position again, even where the newest event was hidden and the log opened again', async () => {
      const { position } = rightOf(await appendTo(log, 'a-1', [event(6)], 4n));
      await keep(6n);
      const again = await reopen();
      const next = rightOf(await appendTo(again, 'a-1', [event(7)], 5n));
      expect(next.revision).toBe(6n);
      expect(next.position > position).toBe(true);
    });
    it('fails with unavailable once closed', async () => {
      await log.close();
      expect(codeOf(await log.setRetention('a-1', { keepFrom: 1n })())).toBe('unavailable');
    });
  });
};
