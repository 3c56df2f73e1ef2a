import { randomUUID } from 'node:crypto';
import { describe, expect, it, onTestFinished } from 'vitest';
import { scratch } from '../scratch.ts';
import { connect, counted, failureOf, given, numbers } from './given.ts';
import { startEventStoreProcess } from './process.ts';

describe('the wire server', () => {
  it.each([true, false])('comes back on the same port with all its events (on disk: %s)', async (onDisk) => {
    const { es, client } = await given(onDisk ? { directory: await scratch() } : {});
    await client.appendToStream('a-1', counted(1));
    await client.tombstoneStream('b-1');
    const all = await numbers(client.readAll());
    let refused: unknown;
    await es.restart(async () => {
      refused = await failureOf(numbers(connect(es.url).readStream('a-1')));
    });
    expect(refused).toBe('unavailable');
    const again = connect(es.url);
    expect(await numbers(again.readAll())).toEqual(all);
    expect((await again.appendToStream('a-1', counted(2), { expectedRevision: 0n })).nextExpectedRevision).toBe(1n);
  });

  it('has every append that it answered, after its process was killed in the midst of them', async () => {
    const directory = await scratch();
    const first = await startEventStoreProcess(directory);
    onTestFinished(() => first.kill());
    const client = connect(first.url);
    const events = Array.from({ length: 400 }, (_, n) => counted(n, randomUUID()));
    const answered: number[] = [];
    const appends = events.map(async (event, n) => {
      await client.appendToStream(`a-${n % 4}`, event);
      if (answered.push(n) === 100) await first.kill();
    });
    await Promise.allSettled(appends);
    expect(answered.length).toBeGreaterThanOrEqual(100);

    const second = await startEventStoreProcess(directory);
    onTestFinished(() => second.kill());
    const reader = connect(second.url);
    const found = (await numbers(reader.readAll())).filter((n) => n !== undefined);
    expect(new Set(found).size).toBe(found.length);
    expect(answered.filter((n) => !found.includes(n))).toEqual([]);
    for (const [n, event] of events.entries()) await reader.appendToStream(`a-${n % 4}`, event);
    const complete = (await numbers(reader.readAll())).filter((n) => n !== undefined);
    expect([...complete].sort((a, b) => a - b)).toEqual(events.map((_, n) => n));
  });
});
