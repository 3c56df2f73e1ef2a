/** The fixed script of requests that is run against a real EventStoreDB and against the wire server. */
import { randomUUID } from 'node:crypto';
import {
  type AppendExpectedRevision,
  binaryEvent,
  EventStoreDBClient,
  jsonEvent,
  streamNameFilter,
} from '@eventstore/db-client';
import { type Json, normalise } from './normalise.ts';

/** What a request was for, and what it was answered. */
export type Step = { readonly step: string; readonly answer: Json };

/** A run of the script against a server. */
export type Transcript = { readonly server: string; readonly date: string; readonly steps: readonly Step[] };

const event = (n: number, id: string = randomUUID()) => jsonEvent({ type: 'counted', data: { n }, id });

const all = async <A>(read: AsyncIterable<A>): Promise<readonly A[]> => {
  const found: A[] = [];
  for await (const each of read) found.push(each);
  return found;
};

/** Runs the script; its streams are its own, so that it can be run on a server that is in use. */
export const runScript = async (url: string): Promise<Transcript> => {
  const client = EventStoreDBClient.connectionString(url);
  const run = `script${randomUUID().replaceAll('-', '')}`;
  const steps: Step[] = [];
  const say = async (step: string, answering: () => Promise<unknown>): Promise<void> => {
    const answer = await answering().catch((error: unknown) => error);
    steps.push({ step, answer: normalise(answer, run) });
  };
  try {
    for (const way of ['batch', 'classic'] as const) {
      // With credentials of its own, an append takes the classic call.
      const credentials = way === 'classic' ? { credentials: { username: 'admin', password: 'changeit' } } : {};
      const named = (name: string): string => `${run}-${way}-${name}`;
      const append = (
        name: string,
        events: Parameters<typeof client.appendToStream>[1],
        expected: AppendExpectedRevision,
      ) => client.appendToStream(named(name), events, { expectedRevision: expected, ...credentials });
      const [one, two, three] = [event(1), event(2), event(3)];
      const step = (name: string, answering: () => Promise<unknown>) => say(`${way}: ${name}`, answering);

      await step('append to a new stream', () => append('a', [one, two], 'no_stream'));
      await step('append it again', () => append('a', [one, two], 'no_stream'));
      await step('append it again, any', () => append('a', [one, two], 'any'));
      await step('append a part of it and a new one', () => append('a', [one, three], 'no_stream'));
      await step('append a part of it and a new one, any', () => append('a', [one, three], 'any'));
      await step('append behind the end', () => append('a', three, 9n));
      await step('append before the end', () => append('a', three, 0n));
      await step('append to a missing stream, exact', () => append('b', three, 0n));
      await step('append to a missing stream that shall exist', () => append('b', three, 'stream_exists'));
      await step('append too much', () =>
        append('b', binaryEvent({ type: 'b', data: Buffer.alloc(1_100_000) }), 'any'),
      );
      await step('append on', () => append('a', three, 1n));
      await step('read', () => all(client.readStream(named('a'))));
      await step('delete', () => client.deleteStream(named('a'), { expectedRevision: 2n }));
      await step('append to the deleted that shall exist', () => append('a', event(4), 'stream_exists'));
      await step('append to the deleted', () => append('a', event(4), 'no_stream'));
      await step('read what was written again', () => all(client.readStream(named('a'))));
      await step('read its metadata', () => client.getStreamMetadata(named('a')));
      await step('tombstone', () => client.tombstoneStream(named('a')));
      await step('append to the tombstoned', () => append('a', event(5), 'any'));
      await step('read the tombstoned', () => all(client.readStream(named('a'))));
    }

    const stream = `${run}-read`;
    await say('read a missing stream', () => all(client.readStream(stream)));
    await say('delete at a wrong revision', () => client.deleteStream(stream, { expectedRevision: 3n }));
    const first = await client.appendToStream(
      stream,
      [0, 1, 2, 3, 4].map((n) => event(n)),
    );
    const position = first.position ?? 'start';
    await say('read from a revision', () => all(client.readStream(stream, { fromRevision: 3n })));
    await say('read backwards', () =>
      all(client.readStream(stream, { fromRevision: 'end', direction: 'backwards', maxCount: 2 })),
    );
    await say('read behind the end', () => all(client.readStream(stream, { fromRevision: 9n })));
    await say('read all from a position', () => all(client.readAll({ fromPosition: position, maxCount: 1 })));
    await say('keep two', () => client.setStreamMetadata(stream, { maxCount: 2 }));
    await say('read the two', () => all(client.readStream(stream)));
    await say('hide all before 4', () => client.setStreamMetadata(stream, { truncateBefore: 4 }));
    await say('read the one', () => all(client.readStream(stream)));
    await say('subscribe to the stream', () =>
      following(client.subscribeToStream(stream), () => client.appendToStream(stream, event(5))),
    );
    await say('subscribe to all behind a position', () =>
      following(client.subscribeToAll({ fromPosition: position, filter: streamNameFilter({ prefixes: [run] }) }), () =>
        client.appendToStream(stream, event(6)),
      ),
    );
    const { serverVersion } = await (client as unknown as Features).capabilities;
    return { server: serverVersion, date: new Date().toISOString().slice(0, 10), steps };
  } finally {
    await client.dispose();
  }
};

/** What the client asks of a server before its first append, and keeps to itself. */
type Features = { readonly capabilities: Promise<{ readonly serverVersion: string }> };

type Subscription = ReturnType<EventStoreDBClient['subscribeToAll'] | EventStoreDBClient['subscribeToStream']>;

/** What a subscription gives until one event has come live. */
const following = (subscription: Subscription, afterwards: () => Promise<unknown>): Promise<readonly unknown[]> =>
  new Promise((resolve, reject) => {
    const seen: unknown[] = [];
    let live = false;
    const late = setTimeout(() => reject(new Error('the subscription did not get live within 20 s')), 20_000);
    subscription.on('error', reject);
    subscription.on('caughtUp', () => {
      live = true;
      seen.push('caught up');
      afterwards().catch(reject);
    });
    subscription.on('data', ({ event: given }) => {
      seen.push({ streamId: given?.streamId, revision: given?.revision, type: given?.type, data: given?.data });
      if (!live) return;
      clearTimeout(late);
      subscription.unsubscribe().then(() => resolve(seen), reject);
    });
  });
