import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { StoredEvent } from '../../adapters/eventlog/protocol.ts';
import { type Segment, segment, segmentText } from '../../domain/chain.ts';
import { memorySignatures } from '../support/memory-signatures.ts';
import { sealedRows, verified } from '../support/tampered.ts';

const isSegment = (row: StoredEvent): boolean => row[1] === 'audit-dmz-1';
const segmentsOf = (rows: readonly StoredEvent[]): readonly Segment[] =>
  rows.filter(isSegment).map((row) => segment.parse(JSON.parse(row[5])));

/** The row with a bit of one of its texts or numbers turned; undefined where that makes no other row. */
const turned = (row: StoredEvent, column: number, at: number): StoredEvent | undefined => {
  const value = row[column as 0];
  if (typeof value === 'number') {
    const other = value ^ (1 << (at % 20));
    return row.with(column, other) as unknown as StoredEvent;
  }
  const bytes = Buffer.from(value as unknown as string);
  const byte = Math.floor(at / 8) % bytes.length;
  bytes[byte] = (bytes[byte] ?? 0) ^ (1 << (at % 8));
  return row.with(column, bytes.toString()) as unknown as StoredEvent;
};

/** JSON may say one thing in several ways: an exponent, or a letter by its number. */
const meansTheSame = (a: string, b: string): boolean => {
  try {
    return JSON.stringify(JSON.parse(a)) === JSON.stringify(JSON.parse(b));
  } catch {
    return false;
  }
};

describe('a sealed log', () => {
  let rows: readonly StoredEvent[] = [];
  let chained: readonly StoredEvent[] = [];
  beforeAll(async () => {
    rows = await sealedRows();
    chained = rows.filter((row) => !isSegment(row));
  });
  const without = (...gone: readonly (StoredEvent | undefined)[]) => rows.filter((row) => !gone.includes(row));
  const replaced = (...pairs: readonly (readonly [StoredEvent | undefined, StoredEvent])[]) =>
    rows.map((row) => pairs.find(([old]) => old === row)?.[1] ?? row);
  const nth = (ordinal: number): StoredEvent => chained[ordinal - 1] as StoredEvent;
  const placed = (ordinal: number) => {
    const [, stream, revision, id] = nth(ordinal);
    return { stream, revision: String(revision), id };
  };

  it('is good as it is', async () => {
    expect(await verified(rows, segmentsOf(rows))).toMatchObject({
      ...{ segments: 5, good: 23, purged: 0, unsealed: 0, confirmed: 5, problem: null },
    });
  });

  it('says how many of its events are not sealed', async () => {
    const last = rows.findLast(isSegment);
    expect(await verified(without(last))).toMatchObject({ segments: 4, good: 20, unsealed: 3, problem: null });
  });

  it.each([1, 7, 13, 23])('names event %i where its data was altered', async (ordinal) => {
    const row = nth(ordinal);
    const altered = row.with(5, row[5].replace('"n":', '"m":')) as unknown as StoredEvent;
    expect(await verified(replaced([row, altered]))).toMatchObject({
      good: ordinal - 1,
      problem: { trouble: 'altered', ordinal, segment: Math.ceil(ordinal / 5), ...placed(ordinal) },
    });
  });

  it('names the event whose hash was made anew over its altered data', async () => {
    const row = nth(8);
    const metadata = row[6];
    const rehashed = [
      ...row.slice(0, 5),
      '{"n":99}',
      metadata.replace(/,"hash":"[^"]*"/, ''),
    ] as unknown as StoredEvent;
    expect(await verified(replaced([row, rehashed]))).toMatchObject({
      problem: { trouble: 'altered', ordinal: 8, ...placed(8) },
    });
  });

  it('names the event that cannot be read any more', async () => {
    const row = nth(9);
    const spoilt = row.with(5, row[5].slice(1)) as unknown as StoredEvent;
    expect(await verified(replaced([row, spoilt]))).toMatchObject({
      good: 8,
      problem: { trouble: 'unreadable', segment: 2, ordinal: 9, ...placed(9) },
    });
  });

  it.each([2, 5, 6, 14])('names the place of event %i where that was deleted', async (ordinal) => {
    const [, stream, revision] = nth(ordinal);
    expect(await verified(without(nth(ordinal)))).toMatchObject({
      good: ordinal - 1,
      problem: { trouble: 'missing', ordinal, segment: Math.ceil(ordinal / 5), stream, revision: String(revision) },
    });
  });

  it('names the place where the last events were deleted', async () => {
    expect(await verified(without(nth(22), nth(23)))).toMatchObject({
      good: 21,
      problem: { trouble: 'missing', ordinal: 22, segment: 5, text: 'the log ends before it' },
    });
  });

  it.each([
    [3, 4, 'reordered'],
    [5, 6, 'reordered'],
    [2, 14, 'inserted'],
  ])('names the first of events %i and %i where they changed places (%s)', async (a, b, trouble) => {
    const [one, two] = [nth(a), nth(b)];
    const swapped = replaced([one, one.with(0, two[0]) as never], [two, two.with(0, one[0]) as never]);
    expect(await verified(swapped)).toMatchObject({ good: a - 1, problem: { ordinal: a, trouble } });
  });

  it('names the first of two events of one stream whose revisions were exchanged', async () => {
    const [one, two] = [nth(4), nth(7)];
    expect(one[1]).toBe(two[1]);
    const swapped = replaced([one, one.with(2, two[2]) as never], [two, two.with(2, one[2]) as never]);
    expect(await verified(swapped)).toMatchObject({ good: 3, problem: { trouble: 'reordered', ordinal: 4 } });
  });

  it('names the event that was put in', async () => {
    const put: StoredEvent = [nth(7)[0] + 0.5, 'run-x', 0, 'x', 'counted', '{}', '{}'].map((each) => each) as never;
    expect(await verified([...rows, put])).toMatchObject({
      good: 7,
      problem: { trouble: 'inserted', ordinal: 8, stream: 'run-x', revision: '0', id: 'x' },
    });
  });

  it('names the segment that was removed, the last one only by a copy', async () => {
    const all = rows.filter(isSegment);
    const copy = segmentsOf(rows);
    expect(await verified(without(all[1]))).toMatchObject({
      good: 5,
      problem: { trouble: 'segment', segment: 2, text: expect.stringContaining('missing') as string },
    });
    expect(await verified(without(all[4]), copy)).toMatchObject({
      good: 20,
      problem: { trouble: 'segment', segment: 5, text: expect.stringContaining('missing here') as string },
    });
    expect(await verified(without(...all), copy)).toMatchObject({ good: 0, problem: { segment: 1 } });
  });

  it('names the segment whose record bears no hash of its content', async () => {
    const row = rows.filter(isSegment)[1] as StoredEvent;
    const other = row.with(6, row[6].replace('"hash":', '"hasi":')) as unknown as StoredEvent;
    expect(await verified(replaced([row, other]))).toMatchObject({
      good: 5,
      problem: { trouble: 'segment', segment: 2, text: 'its record is not what it was' },
    });
  });

  it('names the segment that another key has signed', async () => {
    const row = rows.filter(isSegment)[2] as StoredEvent;
    const { signature: _, ...content } = segment.parse(JSON.parse(row[5]));
    const forged = { ...content, signature: memorySignatures('other').sign(segmentText(content)) };
    const metadata = row[6].replace(/,"hash":"[^"]*"/, '');
    const other = [...row.slice(0, 5), JSON.stringify(forged), metadata] as unknown as StoredEvent;
    expect(await verified(replaced([row, other]))).toMatchObject({
      good: 10,
      problem: { trouble: 'segment', segment: 3 },
    });
  });

  it('is found out by the copy where somebody who has its key has sealed it anew', async () => {
    const copy = segmentsOf(rows).map((each) => (each.n === 3 ? { ...each, at: each.at + 1 } : each));
    expect(await verified(rows, copy)).toMatchObject({
      good: 10,
      problem: { trouble: 'segment', segment: 3, text: 'it is another one than in the copy' },
    });
  });

  it('shows every single bit that was turned in a chained event or a segment', async () => {
    const columns = [1, 2, 3, 4, 5, 6];
    await fc.assert(
      fc.asyncProperty(
        fc.nat(rows.length - 1),
        fc.constantFrom(...columns),
        fc.nat(20_000),
        async (index, column, at) => {
          const row = rows[index] as StoredEvent;
          const other = turned(row, column, at);
          const before = String(row[column as 0]);
          const after = String(other?.[column as 0]);
          fc.pre(other !== undefined && before !== after && !(column > 4 && meansTheSame(before, after)));
          const lastIsGone = index === rows.length - 1 && (column === 1 || column === 2);
          fc.pre(!lastIsGone);
          const { problem } = await verified(replaced([row, other]));
          expect(problem).not.toBeNull();
        },
      ),
      { numRuns: 400 },
    );
  });
});
