/** A dmz's log as many days of its partners' deliveries leave it, written in bulk. */
import { isLeft } from 'fp-ts/lib/Either.js';
import { systemIds } from '../../adapters/shared/ids.ts';
import { keyOf } from '../../domain/payload.ts';
import type { EventLog } from '../../domain/ports.ts';
import { encode } from '../../domain/transfer/codec.ts';
import { eventName, transferStream } from '../../domain/transfer/event-id.ts';
import type { Fact, TransferEvent } from '../../domain/transfer/vocabulary.ts';

const ids = systemIds();
const day = 86_400_000;

/** How the deliveries are spread: over so many partners, and so many days from the first. */
export const spread = { partners: 50, days: 10, first: Date.UTC(2026, 0, 1) } as const;

/** The channel of the n-th delivery. */
export const channelOf = (n: number): string => `partner-${n % spread.partners}`;

/** The events of a finished delivery on dmz, and which of them an open one has. */
export const eventsOfFinished = 7;
const eventsOfOpen = 2;

/** A delivery, as its events on dmz tell it. */
export type Delivery = { readonly id: string; readonly events: readonly TransferEvent[] };

/** The n-th of so many deliveries, finished. */
export const delivery = (n: number, of: number): Delivery => {
  const id = ids.derived('many', n, of);
  const channel = channelOf(n);
  const name = `order-${n}.xml`;
  const at = spread.first + Math.floor((n / of) * spread.days * day);
  const payload = { key: keyOf('dmz-1', id), size: 1_000 + (n % 1_000), sha256: (n % 16).toString(16).repeat(64) };
  const by = { login: channel, address: '192.0.2.7', fingerprint: `SHA256:${'k'.repeat(43)}` };
  const told = (fact: Fact, origin: string, originSeq: number | undefined, step: string, later: number) => {
    const seq = originSeq === undefined ? {} : { originSeq };
    const meta = { origin, ...seq, at: at + later, run: 0, attempt: 0, step };
    return { ...fact, meta, id: ids.uuid(eventName(transferStream(id), fact.type, meta)) } as TransferEvent;
  };
  const received = { channel, protocol: 'sftp', path: `/${name}`, name, payload, modified: at, by };
  const copy = { ...payload, key: keyOf('inner-1', id) };
  return {
    id,
    events: [
      told({ type: 'received', data: received }, 'dmz-1', 1, 'receive', 0),
      told({ type: 'confirmed', data: {} }, 'dmz-1', undefined, 'receive', 5),
      told({ type: 'forwarded', data: { inline: true } }, 'inner-1', 1, 'forward', 10),
      told({ type: 'fetched', data: { payload: copy } }, 'inner-1', 2, 'fetch', 15),
      told({ type: 'processed', data: { responses: [ids.derived(id, 0)] } }, 'inner-1', 3, 'process', 30),
      told({ type: 'acknowledged', data: {} }, 'dmz-1', 2, 'acknowledge', 40),
      told({ type: 'purged', data: {} }, 'dmz-1', undefined, 'purge', day),
    ],
  };
};

/** The same delivery as inner's log has it, which has purged its copy. */
export const atInner = ({ id, events }: Delivery): Delivery => {
  const shared = events.filter(({ meta }) => meta.originSeq !== undefined);
  const [first] = events;
  const at = (first?.meta.at ?? 0) + day;
  const meta = { origin: 'inner-1', at, run: 0, attempt: 0, step: 'purge' };
  const purged = {
    type: 'purged',
    data: {},
    meta,
    id: ids.uuid(eventName(transferStream(id), 'purged', meta)),
  } as const;
  return { id, events: [...shared, purged] };
};

const group = 1_000;
const purgedAfter = 20;

/** Appends so many finished deliveries, then so many that wait for inner, and closes the log. */
export const fillLog = async (log: EventLog, finished: number, open: number): Promise<void> => {
  const append = async ({ id, events }: Delivery, from: number, to: number): Promise<void> => {
    const expected = from === 0 ? 'noStream' : BigInt(from - 1);
    const done = await log.append(transferStream(id), events.slice(from, to).map(encode), { expected })();
    if (isLeft(done)) throw new Error(done.left.text);
  };
  const all = finished + open;
  const unpurged: (readonly Delivery[])[] = [];
  for (let n = 0; n < finished; n += group) {
    const some = Array.from({ length: Math.min(group, finished - n) }, (_, i) => delivery(n + i, all));
    await Promise.all(some.map((each) => append(each, 0, 2)));
    await Promise.all(some.map((each) => append(each, 2, 6)));
    unpurged.push(some);
    if (unpurged.length > purgedAfter)
      await Promise.all((unpurged.shift() ?? []).map((each) => append(each, 6, eventsOfFinished)));
  }
  for (const some of unpurged) await Promise.all(some.map((each) => append(each, 6, eventsOfFinished)));
  for (let n = finished; n < all; n += group)
    await Promise.all(
      Array.from({ length: Math.min(group, all - n) }, (_, i) => append(delivery(n + i, all), 0, eventsOfOpen)),
    );
  await log.close();
};

/** How many events that makes. */
export const eventsIn = (finished: number, open: number): number => finished * eventsOfFinished + open * eventsOfOpen;
