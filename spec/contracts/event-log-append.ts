/** What appending to an event log does. */
import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import type { EventLog, Expected, NewEvent } from '../../domain/ports.ts';
import { appendTo, codeOf, event, type LogTraits, numbers, rightOf } from '../support/event-log-under-test.ts';

/** Runs this part of the contract on the log that `current` answers. */
export const appendContract = (current: () => EventLog, { refusesKnownIds }: LogTraits): void => {
  let log: EventLog;
  beforeEach(() => {
    log = current();
  });
  const append = (stream: string, events: readonly NewEvent[], expected: Expected) =>
    appendTo(log, stream, events, expected);
  const streamOf = async (stream: string) => rightOf(await log.readStream(stream)());

  describe('append', () => {
    it('answers the revision of its last event, from 0', async () => {
      expect(rightOf(await append('a-1', [event(0), event(1)], 'noStream')).revision).toBe(1n);
      expect(rightOf(await append('a-1', [event(2)], 1n)).revision).toBe(2n);
    });
    it('gives back what was appended', async () => {
      const given = {
        id: randomUUID(),
        type: 'told',
        data: { text: 'ä\u0000😀', list: [1, null, { x: true }] },
        metadata: { at: 1 },
      };
      const { position } = rightOf(await append('a-1', [given], 'noStream'));
      expect(await streamOf('a-1')).toEqual([{ ...given, stream: 'a-1', revision: 0n, position }]);
    });
    it('leaves out fields that are undefined', async () => {
      await append('a-1', [{ ...event(0), data: { n: 0, none: undefined } }], 'any');
      expect(Object.keys((await streamOf('a-1'))[0]?.data ?? {})).toEqual(['n']);
    });
    if (refusesKnownIds)
      it('appends all events or none', async () => {
        const twice = event(0);
        await append('a-1', [twice], 'noStream');
        expect(codeOf(await append('a-1', [event(1), twice], 0n))).toBe('conflict');
        expect(numbers(await streamOf('a-1'))).toEqual([0]);
      });
    it('needs a missing stream for noStream', async () => {
      await append('a-1', [event(0)], 'noStream');
      expect(codeOf(await append('a-1', [event(1)], 'noStream'))).toBe('conflict');
    });
    it('takes -1 for noStream', async () => {
      expect(rightOf(await append('a-1', [event(0)], -1n)).revision).toBe(0n);
    });
    it('needs a stream for streamExists', async () => {
      expect(codeOf(await append('a-1', [event(0)], 'streamExists'))).toBe('conflict');
      await append('a-1', [event(0)], 'any');
      expect(rightOf(await append('a-1', [event(1)], 'streamExists')).revision).toBe(1n);
    });
    it.each([
      ['beyond the end', 1n],
      ['far beyond the end', 10n ** 30n],
      ['below zero', -2n],
    ])('fails with conflict for a revision %s', async (_, expected) => {
      await append('a-1', [event(0)], 'noStream');
      expect(codeOf(await append('a-1', [event(1)], expected))).toBe('conflict');
      expect(await streamOf('a-1')).toHaveLength(1);
    });
    it('fails with conflict on a missing stream for a revision', async () => {
      expect(codeOf(await append('a-1', [event(0)], 0n))).toBe('conflict');
    });
    it('lets one of twenty win that expect the same revision', async () => {
      await append('a-1', [event(0)], 'noStream');
      const racers = await Promise.all(Array.from({ length: 20 }, (_, n) => append('a-1', [event(n)], 0n)));
      expect(racers.map(codeOf).sort()).toEqual([...Array.from({ length: 19 }, () => 'conflict'), 'none']);
      expect(await streamOf('a-1')).toHaveLength(2);
    });
    it('writes nothing for no events and answers the present revision', async () => {
      expect(rightOf(await append('a-1', [], 'any')).revision).toBe(-1n);
      await append('a-1', [event(0)], 'noStream');
      expect(rightOf(await append('a-1', [], 0n)).revision).toBe(0n);
      expect(codeOf(await append('a-1', [], 'noStream'))).toBe('conflict');
    });
    it('refuses an event of more than a mebibyte and takes one just below', async () => {
      const sized = (size: number) => ({ ...event(0), data: { text: 'x'.repeat(size) } });
      expect(codeOf(await append('a-1', [event(0), sized(1024 ** 2)], 'any'))).toBe('tooLarge');
      expect(await streamOf('a-1')).toEqual([]);
      expect(codeOf(await append('a-1', [sized(1024 ** 2 - 200)], 'any'))).toBe('none');
    });
    it('counts bytes, not characters', async () => {
      expect(codeOf(await append('a-1', [{ ...event(0), data: { text: '€'.repeat(400_000) } }], 'any'))).toBe(
        'tooLarge',
      );
    });
    it('refuses more events at once than may wait', async () => {
      expect(
        codeOf(
          await append(
            'a-1',
            Array.from({ length: 10_001 }, (_, n) => event(n)),
            'any',
          ),
        ),
      ).toBe('tooLarge');
    });
    it('fails with unavailable once closed', async () => {
      await log.close();
      expect(codeOf(await append('a-1', [event(0)], 'any'))).toBe('unavailable');
      expect(codeOf(await log.readStream('a-1')())).toBe('unavailable');
      expect(codeOf(await log.readAll()())).toBe('unavailable');
    });
  });

  describe('a repeated append', () => {
    const first = [event(1), event(2)];
    beforeEach(async () => {
      await append('a-1', [event(0)], 'noStream');
    });
    it.each([
      ['an exact revision', 0n],
      ['any', 'any'],
      ['streamExists', 'streamExists'],
    ] as const)('answers the original place with %s and writes nothing', async (_, expected) => {
      const original = rightOf(await append('a-1', first, 0n));
      await append('a-1', [event(3)], 2n);
      expect(rightOf(await append('a-1', first, expected))).toEqual(original);
      expect(numbers(await streamOf('a-1'))).toEqual([0, 1, 2, 3]);
    });
    it('answers the original place with noStream', async () => {
      const original = rightOf(await append('a-2', first, 'noStream'));
      expect(rightOf(await append('a-2', first, 'noStream'))).toEqual(original);
    });
    it('answers both when they arrive together', async () => {
      const [one, two] = await Promise.all([append('a-1', first, 0n), append('a-1', first, 0n)]);
      expect(rightOf(one)).toEqual(rightOf(two));
      expect(await streamOf('a-1')).toHaveLength(3);
    });
    it('fails with conflict where it has other ids, or more of them', async () => {
      await append('a-1', first, 0n);
      expect(codeOf(await append('a-1', [...first].reverse(), 0n))).toBe('conflict');
      expect(codeOf(await append('a-1', [...first, event(3)], 0n))).toBe('conflict');
      expect(codeOf(await append('a-1', [...first, event(3)], 'any'))).toBe('conflict');
      expect(await streamOf('a-1')).toHaveLength(3);
    });
    if (refusesKnownIds)
      it('fails with conflict where the same id comes after the end', async () => {
        await append('a-1', first, 0n);
        expect(codeOf(await append('a-1', first, 2n))).toBe('conflict');
        const twice = event(3);
        expect(codeOf(await append('a-1', [twice, twice], 2n))).toBe('conflict');
        expect(await streamOf('a-1')).toHaveLength(3);
      });
    it('is another append in another stream', async () => {
      await append('a-1', first, 0n);
      expect(rightOf(await append('b-1', first, 'any')).revision).toBe(1n);
    });
  });
};
