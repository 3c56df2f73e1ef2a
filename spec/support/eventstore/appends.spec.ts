import { randomUUID } from 'node:crypto';
import { binaryEvent, jsonEvent } from '@eventstore/db-client';
import { describe, expect, it } from 'vitest';
import { counted, failureOf, given, numbers } from './given.ts';

describe.each([
  ['in batches', { batches: true }],
  ['one by one', { batches: false }],
])('the wire server, appending %s', (_, options) => {
  it('counts revisions from 0 and positions upwards', async () => {
    const { client } = await given(options);
    const first = await client.appendToStream('a-1', [counted(1), counted(2)], { expectedRevision: 'no_stream' });
    const second = await client.appendToStream('a-1', counted(3), { expectedRevision: 1n });
    expect([first.nextExpectedRevision, second.nextExpectedRevision]).toEqual([1n, 2n]);
    expect(second.position?.commit).toBeGreaterThan(first.position?.commit ?? 0n);
    expect(await numbers(client.readStream('a-1'))).toEqual([1, 2, 3]);
  });

  it('gives back what it was given: text of all kinds, large numbers, bytes, metadata', async () => {
    const { client } = await given(options);
    const data = { text: 'Grüße 👋 \u0000', big: 9_007_199_254_740_991, deep: [{ a: null }] };
    const bytes = Uint8Array.from({ length: 256 }, (__, i) => i);
    await client.appendToStream('ümlaut-1', [
      jsonEvent({ type: 'ä', data, metadata: { origin: 'ö' } }),
      binaryEvent({ type: 'b', data: bytes, metadata: bytes }),
    ]);
    const found = [];
    for await (const { event } of client.readStream('ümlaut-1')) found.push(event);
    expect(found[0]).toMatchObject({ streamId: 'ümlaut-1', type: 'ä', data, metadata: { origin: 'ö' }, isJson: true });
    expect(found[1]?.isJson).toBe(false);
    expect(Buffer.from(found[1]?.data as Uint8Array)).toEqual(Buffer.from(bytes));
    expect(Math.abs((found[0]?.created.getTime() ?? 0) - Date.now())).toBeLessThan(60_000);
  });

  it('takes the same ids again as the same append, at an exact revision', async () => {
    const { client } = await given(options);
    const events = [counted(1, randomUUID()), counted(2, randomUUID())];
    const first = await client.appendToStream('a-1', events, { expectedRevision: 'no_stream' });
    await client.appendToStream('a-1', counted(3), { expectedRevision: 1n });
    expect(await client.appendToStream('a-1', events, { expectedRevision: 'no_stream' })).toEqual(first);
    expect(await numbers(client.readStream('a-1'))).toEqual([1, 2, 3]);
  });

  it('takes the same ids again as the same append, at any revision', async () => {
    const { client } = await given(options);
    const events = [counted(1, randomUUID()), counted(2, randomUUID())];
    const first = await client.appendToStream('a-1', events);
    await client.appendToStream('a-1', counted(3));
    expect(await client.appendToStream('a-1', events, { expectedRevision: 'any' })).toEqual(first);
    expect(await client.appendToStream('a-1', events, { expectedRevision: 'stream_exists' })).toEqual(first);
    expect(await numbers(client.readStream('a-1'))).toEqual([1, 2, 3]);
  });

  it('takes the same ids as new ones in another stream', async () => {
    const { client } = await given(options);
    const event = counted(1, randomUUID());
    await client.appendToStream('a-1', event);
    await client.appendToStream('a-2', event);
    expect(await numbers(client.readStream('a-2'))).toEqual([1]);
  });

  it('refuses an append of which only a part is already there', async () => {
    const { client } = await given(options);
    const [one, two, three] = [counted(1, randomUUID()), counted(2, randomUUID()), counted(3, randomUUID())];
    await client.appendToStream('a-1', [one, two]);
    for (const expectedRevision of ['any', 'stream_exists', 'no_stream', 0n] as const)
      expect(
        await failureOf(
          client.appendToStream('a-1', expectedRevision === 0n ? [two, three] : [one, three], { expectedRevision }),
        ),
      ).toBe('wrong-expected-version');
    expect(await numbers(client.readStream('a-1'))).toEqual([1, 2]);
  });

  it.each([
    ['no_stream', true, 0n],
    [5n, true, 0n],
    [0n, false, 'no_stream'],
    ['stream_exists', false, 'no_stream'],
  ] as const)('tells a conflict: expected %s, where a stream is there: %s', async (expectedRevision, there, actual) => {
    const { client } = await given(options);
    if (there) await client.appendToStream('a-1', counted(1));
    await expect(client.appendToStream('a-1', counted(2), { expectedRevision })).rejects.toMatchObject({
      type: 'wrong-expected-version',
      streamName: 'a-1',
      expectedVersion: expectedRevision,
      actualVersion: actual,
    });
  });

  it('finds that a stream exists where only its metadata does', async () => {
    const { client } = await given(options);
    await client.setStreamMetadata('a-1', { maxCount: 5 });
    const done = await client.appendToStream('a-1', counted(1), { expectedRevision: 'stream_exists' });
    expect(done.nextExpectedRevision).toBe(0n);
  });

  it('lets one of twenty writers win', async () => {
    const { client } = await given(options);
    const all = Array.from({ length: 20 }, (__, n) =>
      failureOf(client.appendToStream('a-1', counted(n), { expectedRevision: 'no_stream' })),
    );
    const ends = await Promise.all(all);
    expect(ends.filter((end) => end === 'none')).toHaveLength(1);
    expect(ends.filter((end) => end === 'wrong-expected-version')).toHaveLength(19);
    expect(await numbers(client.readStream('a-1'))).toEqual([ends.indexOf('none')]);
  });

  it('takes 1 MiB in one append, and not more', async () => {
    const { client } = await given(options);
    const bytes = (length: number) => binaryEvent({ type: 'b', data: new Uint8Array(length) });
    const limit = 1024 * 1024;
    expect(await failureOf(client.appendToStream('a-1', bytes(limit - 2)))).toBe('none');
    const half = bytes(limit / 2);
    await expect(client.appendToStream('a-1', [half, half])).rejects.toMatchObject({
      type: 'maximum-append-size-exceeded',
      maxAppendSize: limit,
    });
    expect(await failureOf(client.appendToStream('a-1', counted(1)))).toBe('none');
  });

  it('takes many appends at once, each in its order', async () => {
    const { client } = await given(options);
    // The client writes its very first append after those that were asked for while it connected.
    await client.appendToStream('a-first', counted(0));
    await Promise.all(Array.from({ length: 300 }, (__, n) => client.appendToStream(`a-${n % 3}`, counted(n))));
    for (const rest of [0, 1, 2]) {
      const found = await numbers(client.readStream(`a-${rest}`));
      expect(found).toHaveLength(100);
      if (options.batches) expect(found).toEqual([...found].sort((a, b) => (a ?? 0) - (b ?? 0)));
    }
  });
});
