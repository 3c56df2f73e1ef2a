import { describe, expect, it } from 'vitest';
import { counted, failureOf, given, numbers } from './given.ts';

describe('a stream at the wire server', () => {
  it('is missing until it is written', async () => {
    const { client } = await given();
    expect(await failureOf(numbers(client.readStream('a-1')))).toBe('stream-not-found');
  });

  it('is missing after a soft delete, and continues its revisions when it is written again', async () => {
    const { client } = await given();
    await client.appendToStream('a-1', [counted(1), counted(2)]);
    await client.deleteStream('a-1', { expectedRevision: 1n });
    expect(await failureOf(numbers(client.readStream('a-1')))).toBe('stream-not-found');
    const exists = client.appendToStream('a-1', counted(3), { expectedRevision: 'stream_exists' });
    expect(await failureOf(exists)).toBe('stream-deleted');
    const again = await client.appendToStream('a-1', counted(3), { expectedRevision: 'no_stream' });
    expect(again.nextExpectedRevision).toBe(2n);
    expect(await numbers(client.readStream('a-1'))).toEqual([3]);
    expect((await client.getStreamMetadata('a-1')).metadata).toEqual({ truncateBefore: 2 });
  });

  it('keeps its other metadata over a soft delete', async () => {
    const { client } = await given();
    await client.appendToStream('a-1', counted(1));
    await client.setStreamMetadata('a-1', { maxCount: 7, ours: 'x' });
    await client.deleteStream('a-1');
    await client.appendToStream('a-1', counted(2));
    expect((await client.getStreamMetadata('a-1')).metadata).toEqual({ truncateBefore: 1, maxCount: 7, ours: 'x' });
  });

  it('is not deleted at another revision than the expected', async () => {
    const { client } = await given();
    await client.appendToStream('a-1', [counted(1), counted(2)]);
    for (const expectedRevision of [0n, 5n, 'no_stream'] as const) {
      expect(await failureOf(client.deleteStream('a-1', { expectedRevision }))).toBe('wrong-expected-version');
      expect(await failureOf(client.tombstoneStream('a-1', { expectedRevision }))).toBe('wrong-expected-version');
    }
    expect(await numbers(client.readStream('a-1'))).toEqual([1, 2]);
  });

  it.each([true, false])('is gone for ever after a tombstone (batches: %s)', async (batches) => {
    const { client } = await given({ batches });
    await client.appendToStream('a-1', counted(1));
    await client.tombstoneStream('a-1');
    expect(await failureOf(numbers(client.readStream('a-1')))).toBe('stream-deleted');
    for (const expectedRevision of ['any', 'no_stream', 'stream_exists', 0n] as const)
      expect(await failureOf(client.appendToStream('a-1', counted(2), { expectedRevision }))).toBe('stream-deleted');
    expect(await failureOf(client.deleteStream('a-1'))).toBe('stream-deleted');
  });

  it('hides what is before its $tb', async () => {
    const { client } = await given();
    await client.appendToStream('a-1', [counted(0), counted(1), counted(2)]);
    await client.setStreamMetadata('a-1', { truncateBefore: 2 });
    expect(await numbers(client.readStream('a-1'))).toEqual([2]);
    expect(await numbers(client.readStream('a-1', { fromRevision: 'end', direction: 'backwards' }))).toEqual([2]);
    await client.setStreamMetadata('a-1', { truncateBefore: 3 });
    expect(await numbers(client.readStream('a-1'))).toEqual([]);
  });

  it('shows no more than $maxCount events, the newest', async () => {
    const { client } = await given();
    await client.appendToStream('a-1', [counted(0), counted(1), counted(2)]);
    await client.setStreamMetadata('a-1', { maxCount: 2 });
    expect(await numbers(client.readStream('a-1'))).toEqual([1, 2]);
    await client.appendToStream('a-1', counted(3));
    expect(await numbers(client.readStream('a-1', { maxCount: 1 }))).toEqual([2]);
  });

  it('hides what is older than $maxAge', async () => {
    let now = Date.now() - 100_000;
    const { client } = await given({ now: () => now });
    await client.appendToStream('a-1', counted(0));
    await client.setStreamMetadata('a-1', { maxAge: 60 });
    now += 50_000;
    await client.appendToStream('a-1', counted(1));
    expect(await numbers(client.readStream('a-1'))).toEqual([0, 1]);
    now += 20_000;
    expect(await numbers(client.readStream('a-1'))).toEqual([1]);
  });

  it('shows the newest of its metadata only', async () => {
    const { client } = await given();
    await client.setStreamMetadata('a-1', { maxCount: 2 });
    await client.setStreamMetadata('a-1', { maxCount: 3 });
    expect((await client.getStreamMetadata('a-1')).metadata).toEqual({ maxCount: 3 });
    expect(await numbers(client.readStream('$$a-1'))).toHaveLength(1);
  });

  it('stays visible among all events, whatever hides it', async () => {
    const { client } = await given();
    await client.appendToStream('a-1', [counted(1), counted(2)]);
    await client.deleteStream('a-1');
    const found = (await numbers(client.readAll())).filter((n) => n !== undefined);
    expect(found).toEqual([1, 2]);
  });
});
