/** The invariant of the two logs: once idle, both list a transfer's travelling events in the same order. */
import { isLeft } from 'fp-ts/lib/Either.js';
import { expect } from 'vitest';
import type { EventLog } from '../../domain/ports.ts';
import { decode } from '../../domain/transfer/codec.ts';
import { transferOf } from '../../domain/transfer/event-id.ts';
import { openLogOf } from './log-of.ts';
import type { Pair, Server } from './servers.ts';
import { until } from './until.ts';

/** By transfer: its travelling events as `type origin/originSeq id`, in the order of the log. */
type Stories = ReadonlyMap<string, readonly string[]>;

/** Waits until neither server owes a transfer anything; dmz first, since what it has ended has begun all of its responses. */
export const idle = async (pair: Pair, within = 60_000): Promise<void> => {
  await until(
    'no transfer is open',
    async () => (await open(pair.dmz)) === 0 && (await open(pair.inner)) === 0,
    within,
  );
};

const open = async (server: Server): Promise<number> => (await server.status()).open;

/** Stops both servers in order and checks the invariant; answers how many transfers both know. */
export const expectOneStory = async (pair: Pair): Promise<number> => {
  expect(await pair.dmz.stop()).toBe(0);
  expect(await pair.inner.stop()).toBe(0);
  const [dmz, inner] = [await stories(await openLogOf(pair.dmz)), await stories(await openLogOf(pair.inner))];
  expect(Object.fromEntries(inner)).toEqual(Object.fromEntries(dmz));
  return dmz.size;
};

const stories = async (log: EventLog): Promise<Stories> => {
  const found = new Map<string, string[]>();
  for (let after: string | undefined; ; ) {
    const page = await log.readAll({ after, limit: 1000 })();
    if (isLeft(page)) throw new Error(page.left.text);
    for (const logged of page.right) {
      const event = decode(logged);
      const transfer = transferOf(logged.stream);
      if (event?.meta.originSeq === undefined || transfer === undefined) continue;
      const line = `${event.type} ${event.meta.origin}/${event.meta.originSeq} ${event.id}`;
      found.set(transfer, [...(found.get(transfer) ?? []), line]);
    }
    after = page.right.at(-1)?.position ?? after;
    if (page.right.length < 1000) break;
  }
  await log.close();
  return found;
};
