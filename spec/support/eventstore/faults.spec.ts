import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { until } from '../until.ts';
import { connect, counted, failureOf, given, numbers } from './given.ts';

/** Whether a promise is still open after the other has settled. */
const openAfter = async (promise: Promise<unknown>, other: Promise<unknown>): Promise<boolean> => {
  let open = true;
  promise.then(
    () => (open = false),
    () => (open = false),
  );
  await other;
  return open;
};

describe('the wire server, when it is armed', () => {
  it('takes calls and never answers them', async () => {
    const { es, client } = await given();
    await client.appendToStream('a-1', counted(1));
    es.faults.silence(true);
    const batched = failureOf(client.appendToStream('a-1', counted(2), { deadline: 200 }));
    const credentials = { username: 'a', password: 'b' };
    const classic = failureOf(client.appendToStream('a-1', counted(3), { credentials, deadline: 400 }));
    expect(await openAfter(batched, classic)).toBe(true);
    expect(await classic).toBe('deadline-exceeded');
    es.cut();
    expect(await batched).not.toBe('none');
    es.faults.clear();
    expect(await numbers(connect(es.url).readStream('a-1'))).toEqual([1]);
  });

  it.each([
    ['beforeStored', []],
    ['afterStored', [1, 2, 3]],
  ] as const)('breaks the connection in the midst of a batch, %s', async (when, stored) => {
    const { es, client } = await given();
    await client.appendToStream('a-0', counted(0));
    es.faults.dropNext(3, when);
    const events = [1, 2, 3].map((n) => counted(n, randomUUID()));
    const ends = await Promise.all(
      events.map((event, index) =>
        failureOf(
          client.appendToStream('a-1', event, { expectedRevision: index === 0 ? 'no_stream' : BigInt(index - 1) }),
        ),
      ),
    );
    expect(ends.filter((end) => end === 'unavailable' || end === 'cancelled')).toHaveLength(3);
    const again = connect(es.url);
    const read = numbers(again.readStream('a-1')).catch(() => []);
    expect(await read).toEqual(stored);
    for (const [index, event] of events.entries())
      await again.appendToStream('a-1', event, { expectedRevision: index === 0 ? 'no_stream' : BigInt(index - 1) });
    expect(await numbers(again.readStream('a-1'))).toEqual([1, 2, 3]);
  });

  it('is not ready', async () => {
    const { es, client } = await given();
    await client.appendToStream('a-1', counted(1));
    es.faults.notReady(true);
    await expect(client.appendToStream('a-1', counted(2))).rejects.toMatchObject({
      type: 'unknown',
      message: 'Could not recognize Server Is Not Ready',
    });
    expect(await failureOf(numbers(client.readStream('a-1')))).toBe('unavailable');
    es.faults.clear();
    await client.appendToStream('a-1', counted(2), { expectedRevision: 0n });
  });

  it('is not the leader, and does not know who is', async () => {
    const { es, client } = await given();
    es.faults.notLeader('unknown');
    await expect(client.appendToStream('a-1', counted(1))).rejects.toMatchObject({
      message: 'Could not recognize No leader info available in response',
    });
    await expect(client.deleteStream('a-1')).rejects.toMatchObject({ type: 'unknown', code: 2 });
  });

  it('refuses credentials, and denies access', async () => {
    const { es, client } = await given();
    es.faults.deny(true);
    expect(await failureOf(client.appendToStream('a-1', counted(1)))).toBe('access-denied');
    await expect(numbers(client.readStream('a-1'))).rejects.toMatchObject({ type: 'access-denied', code: 7 });
    es.faults.refuse(true);
    const refused = { type: 'access-denied', code: 16 };
    await expect(numbers(client.readStream('a-1'))).rejects.toMatchObject(refused);
    await expect(connect(es.url).appendToStream('a-1', counted(1))).rejects.toMatchObject(refused);
  });

  it('fails to tell its features, which this client never forgets', async () => {
    const { es, client } = await given();
    es.faults.features('failing');
    expect(await failureOf(client.appendToStream('a-1', counted(1)))).toBe(13);
    es.faults.clear();
    expect(await failureOf(client.appendToStream('a-1', counted(1)))).toBe(13);
    await connect(es.url).appendToStream('a-1', counted(1));
  });

  it('stops reading appends, and takes them up again', async () => {
    const { es, client } = await given();
    await client.appendToStream('a-1', counted(0));
    es.faults.stopReading(true);
    const waiting = client.appendToStream('a-1', counted(1));
    expect(await openAfter(waiting, numbers(client.readStream('a-1')))).toBe(true);
    expect(await numbers(client.readStream('a-1'))).toEqual([0]);
    es.faults.stopReading(false);
    expect((await waiting).nextExpectedRevision).toBe(1n);
  });

  it('drops a slow consumer', async () => {
    const { es, client } = await given();
    const subscription = client.subscribeToAll();
    const failed = once(subscription, 'error');
    const events: unknown[] = [];
    subscription.on('data', (event) => events.push(event));
    const marked = once(subscription, 'caughtUp');
    await marked;
    es.faults.dropSlow(true);
    await client.appendToStream('a-1', counted(1));
    expect(await failed).toMatchObject([{ code: 10, type: 'timeout' }]);
  });

  it('pushes slowly, and stops when the client has gone', async () => {
    const { es, client } = await given();
    await client.appendToStream('a-1', [counted(1), counted(2), counted(3)]);
    es.faults.pushEvery(10);
    const began = performance.now();
    const seen: unknown[] = [];
    const subscription = client.subscribeToStream('a-1');
    subscription.on('data', (event) => seen.push(event));
    await until('all came', () => seen.length === 3);
    expect(performance.now() - began).toBeGreaterThanOrEqual(29);
    await subscription.unsubscribe();
  });

  it('refuses appends at once whose deadline its own clock has passed', async () => {
    const { client } = await given({ now: () => Date.now() + 3_600_000 });
    expect(await failureOf(client.appendToStream('a-1', counted(1)))).toBe('deadline-exceeded');
  });

  it('does to appends what the seed says, and the same again', async () => {
    const met = async (seed: number): Promise<readonly number[]> => {
      const { es, client } = await given();
      await client.appendToStream('a-0', counted(0));
      es.faults.randomly(seed, 20, ['busy']);
      const all = Array.from({ length: 200 }, (_, n) => failureOf(client.appendToStream('a-1', counted(n))));
      const ends = await Promise.all(all);
      return ends.flatMap((end, n) => (end === 'none' ? [] : [n]));
    };
    const first = await met(7);
    expect(first.length).toBeGreaterThan(10);
    expect(first.length).toBeLessThan(100);
    expect(await met(7)).toEqual(first);
    expect(await met(8)).not.toEqual(first);
  });

  it('has each of a thousand appends once, when they are tried again through all its faults', async () => {
    const { es } = await given();
    es.faults.randomly(11, 5, ['lostAndCut', 'unansweredAndCut', 'busy']);
    const client = connect(es.url);
    for (let n = 0; n < 1000; n += 1) {
      const event = counted(n, randomUUID());
      const tried = () =>
        failureOf(client.appendToStream('a-1', event, { expectedRevision: n === 0 ? 'no_stream' : BigInt(n - 1) }));
      while ((await tried()) !== 'none');
    }
    es.faults.clear();
    expect(await numbers(connect(es.url).readStream('a-1'))).toEqual(Array.from({ length: 1000 }, (_, n) => n));
    for (const fate of ['lostAndCut', 'unansweredAndCut', 'busy'] as const)
      expect(es.faults.met.get(fate)).toBeGreaterThan(5);
  });
});
