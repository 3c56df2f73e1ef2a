import { describe, expect, it } from 'vitest';
import { schedules } from '../../adapters/cron/index.ts';
import { dueSlot, seenKey, settled } from '../../domain/run.ts';

const at = (text: string): number => Date.parse(text);
const shown = (slot: number | undefined): string | undefined =>
  slot === undefined ? undefined : new Date(slot).toISOString().slice(0, 16);
const hour = 3_600_000;

/** An agent's schedule, and what it does as its clock goes. */
const agent = (schedule: string, timeZone = 'UTC', missed: 'skip' | 'once' = 'skip') => {
  const next = (after: number) => schedules().next(schedule, timeZone, after);
  return {
    due: (last: string | undefined, startedAt: string, now: string) =>
      shown(dueSlot(next, { last: last && at(last), startedAt: at(startedAt), now: at(now) } as never, missed)),
    /** The slots that it takes where it looks every so many minutes. */
    takes: (from: string, to: string, minutes = 10) => {
      const taken: number[] = [];
      for (let now = at(from); now <= at(to); now += minutes * 60_000) {
        const slot = dueSlot(next, { last: taken.at(-1), startedAt: at(from), now }, missed);
        if (slot !== undefined) taken.push(slot);
      }
      return taken.map(shown);
    },
  };
};

describe('the time that is due', () => {
  it('is none before the first, and each once', () => {
    const daily = agent('0 6 * * *');
    expect(daily.due(undefined, '2026-01-01T00:00Z', '2026-01-01T05:59Z')).toBeUndefined();
    expect(daily.due(undefined, '2026-01-01T00:00Z', '2026-01-01T06:00Z')).toBe('2026-01-01T06:00');
    expect(daily.due('2026-01-01T06:00Z', '2026-01-01T00:00Z', '2026-01-01T06:00Z')).toBeUndefined();
    expect(daily.takes('2026-01-01T00:00Z', '2026-01-03T00:00Z')).toEqual(['2026-01-01T06:00', '2026-01-02T06:00']);
  });

  it('of many that passed while a run lasted is the latest', () => {
    const every = agent('* * * * *');
    expect(every.due('2026-01-01T06:00Z', '2026-01-01T00:00Z', '2026-01-01T09:30Z')).toBe('2026-01-01T09:30');
    expect(agent('* * * * * *').due(undefined, '2026-01-01T00:00Z', '2026-01-05T00:00Z')).toBe('2026-01-05T00:00');
    expect(agent('0 0 29 2 *').due(undefined, '2020-01-01T00:00Z', '2026-01-05T00:00Z')).toBe('2024-02-29T00:00');
  });

  it('is none of those missed while the server was down, with skip', () => {
    const daily = agent('0 6 * * *');
    expect(daily.due('2026-01-01T06:00Z', '2026-01-03T08:00Z', '2026-01-03T08:00Z')).toBeUndefined();
    expect(daily.due('2026-01-01T06:00Z', '2026-01-03T08:00Z', '2026-01-04T06:00Z')).toBe('2026-01-04T06:00');
  });

  it('is the last of those missed while the server was down, with once', () => {
    const daily = agent('0 6 * * *', 'UTC', 'once');
    expect(daily.due('2026-01-01T06:00Z', '2026-01-03T08:00Z', '2026-01-03T08:00Z')).toBe('2026-01-03T06:00');
    expect(daily.due('2026-01-03T06:00Z', '2026-01-03T08:00Z', '2026-01-03T08:00Z')).toBeUndefined();
    expect(daily.due(undefined, '2026-01-03T08:00Z', '2026-01-03T08:00Z')).toBeUndefined();
  });

  it.each(['skip', 'once'] as const)('is never taken again where the clock is set back, with %s', (missed) => {
    const every = agent('0 * * * *', 'UTC', missed);
    expect(every.due('2026-01-01T06:00Z', '2026-01-01T05:30Z', '2026-01-01T05:30Z')).toBeUndefined();
    expect(every.due('2026-01-01T06:00Z', '2026-01-01T05:30Z', '2026-01-01T06:00Z')).toBeUndefined();
    expect(every.due('2026-01-01T06:00Z', '2026-01-01T05:30Z', '2026-01-01T07:00Z')).toBe('2026-01-01T07:00');
  });

  it('comes once on the day on which its hour comes twice', () => {
    const nightly = agent('30 2 * * *', 'Europe/Berlin');
    const taken = nightly.takes('2026-10-23T12:00Z', '2026-10-26T12:00Z');
    expect(taken).toHaveLength(3);
    expect(taken[0]).toBe('2026-10-24T00:30');
    expect(taken[2]).toBe('2026-10-26T01:30');
  });

  it('comes once, too, on the day on which its hour does not exist', () => {
    const nightly = agent('30 2 * * *', 'Europe/Berlin');
    const taken = nightly.takes('2026-03-27T12:00Z', '2026-03-30T12:00Z');
    expect(taken).toHaveLength(3);
    expect(taken[0]).toBe('2026-03-28T01:30');
    expect(taken[2]).toBe('2026-03-30T00:30');
  });

  it('goes on every quarter of an hour over both changes of clocks, no time twice', () => {
    for (const day of ['2026-03-29', '2026-10-25']) {
      const taken = agent('*/15 * * * *', 'Europe/Berlin').takes(`${day}T00:00Z`, `${day}T04:00Z`, 1);
      expect(new Set(taken).size).toBe(taken.length);
      const times = taken.map((each) => at(`${each}Z`));
      for (const [i, time] of times.slice(1).entries())
        expect(time - (times[i] ?? 0)).toBeLessThanOrEqual(hour + hour / 4);
    }
  });
});

describe('files worth fetching', () => {
  const file = (name: string, size = 1, modified?: number) => ({ path: `/out/${name}`, name, size, modified });

  it('are those of the right name that are the same in both listings', () => {
    const first = [
      file('a.xml', 1, 5),
      file('grows.xml', 1, 5),
      file('gone.xml'),
      file('touched.xml', 1, 5),
      file('b.txt'),
    ];
    const second = [
      file('a.xml', 1, 5),
      file('grows.xml', 2, 5),
      file('touched.xml', 1, 6),
      file('b.txt'),
      file('new.xml'),
    ];
    expect(settled({ name: '*.xml' }, first, second)).toEqual({ files: [file('a.xml', 1, 5)], left: 3 });
  });

  it('are remembered by path, size and time', () => {
    expect(seenKey(file('a.xml', 1, 5))).toBe(seenKey(file('a.xml', 1, 5)));
    expect(new Set([file('a'), file('b'), file('a', 2), file('a', 1, 6)].map(seenKey)).size).toBe(4);
  });
});
