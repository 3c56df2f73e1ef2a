import { END } from '@eventstore/db-client';
import { describe, expect, it } from 'vitest';
import { counted, given, numbers } from './given.ts';

const upTo = (count: number) => Array.from({ length: count }, (_, n) => counted(n));

describe('a read of a stream', () => {
  it('includes its first revision, goes both ways and ends at its limit', async () => {
    const { client } = await given();
    await client.appendToStream('a-1', upTo(5));
    const read = (options: Parameters<typeof client.readStream>[1]) => numbers(client.readStream('a-1', options));
    expect(await read({ fromRevision: 2n })).toEqual([2, 3, 4]);
    expect(await read({ fromRevision: 1n, maxCount: 2 })).toEqual([1, 2]);
    expect(await read({ fromRevision: 2n, direction: 'backwards' })).toEqual([2, 1, 0]);
    expect(await read({ fromRevision: 'end', direction: 'backwards', maxCount: 2 })).toEqual([4, 3]);
    expect(await read({ fromRevision: 'end' })).toEqual([]);
    expect(await read({ fromRevision: 5n })).toEqual([]);
    expect(await read({ fromRevision: 0xffffffffffffffffn })).toEqual([]);
  });

  it('spans pages', async () => {
    const { client } = await given();
    await client.appendToStream('a-1', upTo(1234));
    expect(await numbers(client.readStream('a-1'))).toHaveLength(1234);
    expect(await numbers(client.readStream('a-1', { fromRevision: 'end', direction: 'backwards' }))).toHaveLength(1234);
    expect(await numbers(client.readStream('a-1', { maxCount: 501 }))).toHaveLength(501);
  });
});

describe('a read of all', () => {
  it('begins with events of the system, and gives all streams in the order of their appends', async () => {
    const { client } = await given();
    await client.appendToStream('a-1', counted(1));
    await client.appendToStream('b-1', counted(2));
    await client.appendToStream('a-1', counted(3));
    const [streams, found] = [[] as (string | undefined)[], await numbers(client.readAll())];
    for await (const { event } of client.readAll()) streams.push(event?.streamId);
    expect(found.filter((n) => n !== undefined)).toEqual([1, 2, 3]);
    expect(streams.slice(-3)).toEqual(['a-1', 'b-1', 'a-1']);
    expect(streams.slice(0, -3).every((stream) => stream?.startsWith('$'))).toBe(true);
    expect(streams.length).toBeGreaterThan(3);
  });

  it('includes its position forwards, and not backwards', async () => {
    const { client } = await given();
    const [, middle] = [
      await client.appendToStream('a-1', counted(1)),
      await client.appendToStream('b-1', counted(2)),
      await client.appendToStream('c-1', counted(3)),
    ];
    const from = { fromPosition: middle.position ?? (END as 'end') };
    expect(await numbers(client.readAll(from))).toEqual([2, 3]);
    expect(await numbers(client.readAll({ ...from, direction: 'backwards', maxCount: 1 }))).toEqual([1]);
    expect(await numbers(client.readAll({ fromPosition: 'end', direction: 'backwards', maxCount: 2 }))).toEqual([3, 2]);
    expect(await numbers(client.readAll({ fromPosition: 'end' }))).toEqual([]);
  });

  it('spans pages', async () => {
    const { client } = await given();
    await client.appendToStream('a-1', upTo(1100));
    expect((await numbers(client.readAll())).filter((n) => n !== undefined)).toHaveLength(1100);
    expect(await numbers(client.readAll({ maxCount: 700 }))).toHaveLength(700);
    expect(await numbers(client.readAll({ fromPosition: 'end', direction: 'backwards', maxCount: 700 }))).toHaveLength(
      700,
    );
  });
});
