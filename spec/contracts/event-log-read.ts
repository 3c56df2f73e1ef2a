import { beforeEach, describe, expect, it } from 'vitest';
import type { EventLog, Expected, NewEvent } from '../../domain/ports.ts';
import { appendTo, event, never, numbers, rightOf, takeUntil } from '../support/event-log-under-test.ts';

/** Runs this part of the contract on the log that `current` answers. */
export const readContract = (current: () => EventLog): void => {
  let log: EventLog;
  beforeEach(() => {
    log = current();
  });
  const append = (stream: string, events: readonly NewEvent[], expected: Expected) =>
    appendTo(log, stream, events, expected);
  const streamOf = async (stream: string) => rightOf(await log.readStream(stream)());

  describe('reading', () => {
    it('finds nothing in a missing stream', async () => {
      expect(await streamOf('a-1')).toEqual([]);
      expect(rightOf(await log.readAll()())).toEqual([]);
    });
    it('reads a stream from a revision on, inclusive, up to a limit', async () => {
      await append(
        'a-1',
        [0, 1, 2, 3, 4].map((n) => event(n)),
        'noStream',
      );
      expect(numbers(rightOf(await log.readStream('a-1', { from: 2n })()))).toEqual([2, 3, 4]);
      expect(numbers(rightOf(await log.readStream('a-1', { from: 1n, limit: 2 })()))).toEqual([1, 2]);
      expect(numbers(rightOf(await log.readStream('a-1', { from: 5n })()))).toEqual([]);
    });
    it('reads all streams in log order after a position, exclusive', async () => {
      await append('a-1', [event(0)], 'any');
      const { position } = rightOf(await append('b-1', [event(1)], 'any'));
      await append('a-1', [event(2), event(3)], 'any');
      const all = rightOf(await log.readAll()());
      expect(all.map(({ stream, revision, data }) => [stream, revision, data.n])).toEqual([
        ['a-1', 0n, 0],
        ['b-1', 0n, 1],
        ['a-1', 1n, 2],
        ['a-1', 2n, 3],
      ]);
      expect(numbers(rightOf(await log.readAll({ after: position })()))).toEqual([2, 3]);
      expect(numbers(rightOf(await log.readAll({ after: undefined, limit: 1 })()))).toEqual([0]);
    });
    it('has positions whose text order is log order', async () => {
      for (let n = 0; n < 12; n += 1) await append(`a-${n}`, [event(n)], 'noStream');
      const positions = rightOf(await log.readAll()()).map(({ position }) => position);
      expect([...positions].sort()).toEqual(positions);
      expect(new Set(positions).size).toBe(12);
    });
    it('reads at most 1000 of all by default, but a whole stream', async () => {
      await append(
        'a-1',
        Array.from({ length: 2_500 }, (_, n) => event(n)),
        'noStream',
      );
      expect(rightOf(await log.readAll()())).toHaveLength(1_000);
      expect(numbers(await streamOf('a-1'))).toEqual(Array.from({ length: 2_500 }, (_, n) => n));
      expect(rightOf(await log.readAll({ limit: 2_200 })())).toHaveLength(2_200);
    });
    it('throws at a position that is none of its own', () => {
      expect(() => log.readAll({ after: 'C:1/P:1' })).toThrow('no position');
    });
  });

  describe('a follower', () => {
    it('gets history, then one mark, then live', async () => {
      await append('a-1', [event(0), event(1)], 'noStream');
      const following = takeUntil(log.follow(undefined, never), (all, marks) => all.length === 4 && marks === 1);
      await append('b-1', [event(2)], 'noStream');
      await append('a-1', [event(3)], 1n);
      const { events, markedAt } = await following;
      expect(numbers(events)).toEqual([0, 1, 2, 3]);
      expect(markedAt).toHaveLength(1);
      expect(markedAt[0]).toBeGreaterThanOrEqual(2);
    });
    it('gets the mark first in an empty log', async () => {
      const { events, markedAt } = await takeUntil(log.follow(undefined, never), (_, marks) => marks === 1);
      expect([events, markedAt]).toEqual([[], [0]]);
    });
    it('goes on after a position', async () => {
      const { position } = rightOf(await append('a-1', [event(0)], 'noStream'));
      await append('a-1', [event(1)], 0n);
      const { events } = await takeUntil(log.follow(position, never), (_, marks) => marks === 1);
      expect(numbers(events)).toEqual([1]);
    });
    it('loses and doubles nothing while others append', async () => {
      const writers = (from: number) =>
        Promise.all(Array.from({ length: 50 }, (_, i) => append(`a-${from + i}`, [event(from + i)], 'noStream')));
      await writers(0);
      const following = [1, 2].map(() => takeUntil(log.follow(undefined, never), (all) => all.length === 500));
      for (let from = 50; from < 500; from += 50) await writers(from);
      const stored = rightOf(await log.readAll()());
      for (const { events, markedAt } of await Promise.all(following)) {
        expect(events).toEqual(stored);
        expect(markedAt).toHaveLength(1);
      }
    });
    it('gets everything in bounded batches while more comes than it takes', async () => {
      const numbered = (from: number) => Array.from({ length: 1_500 }, (_, n) => event(from + n));
      await append('a-1', numbered(0), 'noStream');
      let written = 1_500;
      const seen: unknown[] = [];
      for await (const each of log.follow(undefined, never)) {
        if (each.kind === 'caughtUp') continue;
        expect(each.events.length).toBeLessThanOrEqual(1_000);
        seen.push(...numbers(each.events));
        if (written < 6_000) await append('a-1', numbered(written), BigInt(written - 1));
        written = Math.min(6_000, written + 1_500);
        if (seen.length === 6_000) break;
      }
      expect(seen).toEqual(Array.from({ length: 6_000 }, (_, n) => n));
    });
    it('ends when the signal aborts', async () => {
      const abort = new AbortController();
      const following = takeUntil(log.follow(undefined, abort.signal), () => false);
      await append('a-1', [event(0)], 'any');
      abort.abort();
      expect((await following).markedAt).toHaveLength(1);
      const late = await takeUntil(log.follow(undefined, AbortSignal.abort()), () => false);
      expect(late).toEqual({ events: [], markedAt: [] });
    });
    it('ends when the log closes', async () => {
      const marked: number[] = [];
      const following = (async () => {
        for await (const each of log.follow(undefined, never)) if (each.kind === 'caughtUp') marked.push(1);
      })();
      await append('a-1', [event(0)], 'any');
      await log.close();
      await following;
      expect(marked).toEqual([1]);
    });
  });
};
