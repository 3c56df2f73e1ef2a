import { once } from 'node:events';
import {
  type AllStreamSubscription,
  excludeSystemEvents,
  type Position,
  type StreamSubscription,
  streamNameFilter,
} from '@eventstore/db-client';
import { describe, expect, it } from 'vitest';
import { until } from '../until.ts';
import { counted, given, numberOf } from './given.ts';

/** What a subscription has given: numbers of events, and marks. */
const watch = (subscription: AllStreamSubscription | StreamSubscription) => {
  const seen: (number | 'caughtUp' | undefined)[] = [];
  subscription.on('caughtUp', () => seen.push('caughtUp'));
  const ended = once(subscription, 'error').then(([error]: unknown[]) => error as { readonly type?: string });
  ended.catch(() => undefined);
  subscription.on('data', (resolved) => seen.push(numberOf(resolved)));
  return { seen, ended };
};

const has =
  (seen: readonly unknown[], ...wanted: readonly unknown[]) =>
  () =>
    JSON.stringify(seen) === JSON.stringify(wanted);

describe('a subscription to a stream', () => {
  it('gives what was, the mark, and then what comes', async () => {
    const { client } = await given();
    await client.appendToStream('a-1', [counted(1), counted(2)]);
    const { seen } = watch(client.subscribeToStream('a-1'));
    await until('it caught up', has(seen, 1, 2, 'caughtUp'));
    await client.appendToStream('a-1', counted(3));
    await client.appendToStream('b-1', counted(9));
    await client.appendToStream('a-1', counted(4));
    await until('it is live', has(seen, 1, 2, 'caughtUp', 3, 4));
  });

  it('goes on behind a revision, and waits for a stream that is not there yet', async () => {
    const { client } = await given();
    await client.appendToStream('a-1', [counted(1), counted(2), counted(3)]);
    const behind = watch(client.subscribeToStream('a-1', { fromRevision: 1n }));
    const atEnd = watch(client.subscribeToStream('a-1', { fromRevision: 'end' }));
    const missing = watch(client.subscribeToStream('b-1'));
    await until('all caught up', () => [behind, atEnd, missing].every(({ seen }) => seen.includes('caughtUp')));
    await client.appendToStream('a-1', counted(4));
    await client.appendToStream('b-1', counted(5));
    await until('it goes on behind 1', has(behind.seen, 3, 'caughtUp', 4));
    await until('it goes on behind the end', has(atEnd.seen, 'caughtUp', 4));
    await until('it sees the new stream', has(missing.seen, 'caughtUp', 5));
  });

  it('ends when the stream is tombstoned', async () => {
    const { client } = await given();
    await client.appendToStream('a-1', counted(1));
    const { seen, ended } = watch(client.subscribeToStream('a-1'));
    await until('it caught up', has(seen, 1, 'caughtUp'));
    await client.tombstoneStream('a-1');
    expect((await ended).type).toBe('stream-deleted');
  });
});

describe('a subscription to all', () => {
  it('resumes behind a position', async () => {
    const { client } = await given();
    const first = await client.appendToStream('a-1', counted(1));
    await client.appendToStream('b-1', counted(2));
    const { seen } = watch(client.subscribeToAll({ fromPosition: first.position ?? 'start' }));
    await until('it caught up', has(seen, 2, 'caughtUp'));
    await client.appendToStream('c-1', counted(3));
    await until('it is live', has(seen, 2, 'caughtUp', 3));
  });

  it('leaves out events of the system, when asked, and tells checkpoints on its way over them', async () => {
    const { client } = await given();
    const checkpoints: Position[] = [];
    const filter = excludeSystemEvents({
      maxSearchWindow: 2,
      checkpointInterval: 2,
      checkpointReached: (_, position) => {
        checkpoints.push(position);
      },
    });
    const { seen } = watch(client.subscribeToAll({ filter }));
    await until('it caught up', has(seen, 'caughtUp'));
    for (let n = 0; n < 10; n += 1) await client.setStreamMetadata('a-1', { maxCount: n + 1 });
    const { position } = await client.appendToStream('a-1', counted(1));
    await until('it saw the event', has(seen, 'caughtUp', 1));
    expect(checkpoints.length).toBeGreaterThanOrEqual(3);
    expect(checkpoints).toEqual([...checkpoints].sort((a, b) => Number(a.commit - b.commit)));
    expect(checkpoints.at(-1)?.commit).toBeLessThanOrEqual(position?.commit ?? 0n);
  });

  it('filters by the beginning of a name', async () => {
    const { client } = await given();
    const { seen } = watch(client.subscribeToAll({ filter: streamNameFilter({ prefixes: ['a-', 'c-'] }) }));
    for (const [n, stream] of ['a-1', 'b-1', 'c-1', 'ca-1'].entries()) await client.appendToStream(stream, counted(n));
    await client.appendToStream('a-2', counted(9));
    await until('the last is there', () => seen.includes(9));
    expect(seen.filter((each) => each !== 'caughtUp')).toEqual([0, 2, 9]);
  });

  it('gives every event once to a reader that comes in while others write', async () => {
    const { client } = await given();
    const all = Array.from({ length: 500 }, (_, n) => n);
    const written = Promise.all(all.map((n) => client.appendToStream(`a-${n % 7}`, counted(n))));
    const { seen } = watch(client.subscribeToAll({ filter: excludeSystemEvents() }));
    await written;
    await until('all are there', () => seen.length === 501);
    expect(seen.filter((each) => typeof each === 'number').sort((a, b) => a - b)).toEqual(all);
  });
});
