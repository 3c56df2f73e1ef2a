/**
 * Tells the peers what they have not been told: own travelling events, in order, small payloads inline. There is no queue
 * beside the log: what is owed is a column of the transfers' rows, and it is told until the peer says that it has it.
 */
import { isLeft } from 'fp-ts/lib/Either.js';
import type { Messages, Parcel, ParcelAnswer, Peer } from '../domain/message.ts';
import type { Clock, Log, PayloadStore, Projection, ReadModels } from '../domain/ports.ts';
import type { TransferEvent } from '../domain/transfer/vocabulary.ts';
import type { TransferRecord } from '../projections/transfers.ts';
import type { Inbox } from './inbox.ts';
import type { Projector } from './projector.ts';
import type { Streams } from './streams.ts';
import { orThrow } from './unwrap.ts';

/** What the outbox rests on. */
export type OutboxNeeds = {
  readonly messages: Messages;
  readonly models: ReadModels;
  readonly projection: Projection<TransferRecord>;
  readonly projector: Projector;
  readonly streams: Streams;
  readonly inbox: Inbox;
  readonly payloads: PayloadStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly node: string;
  readonly streamingSize: number;
};

/** The running outbox. */
export type Outbox = { stop(): void };

const batchCount = 100;
const batchBytes = 4 * 1024 * 1024;
const batchesAtOnce = 4;
const firstWait = 500;
const longestWait = 60_000;

/** Starts telling. */
export const openOutbox = (needs: OutboxNeeds): Outbox => {
  const lanes = new Map<string, Lane>();
  const lane = (node: string): Lane => {
    const known = lanes.get(node) ?? openLane(needs, node);
    lanes.set(node, known);
    return known;
  };
  const pokeAll = () => {
    for (const link of needs.messages.links()) if (link.up) lane(link.node).poke();
  };
  const subscription = needs.projector.batches.subscribe(pokeAll);
  const unsubscribe = needs.messages.onLink(pokeAll);
  pokeAll();
  return {
    stop: () => {
      subscription.unsubscribe();
      unsubscribe();
      for (const each of lanes.values()) each.stop();
    },
  };
};

type Lane = { poke(): void; stop(): void };

/** One peer's telling: one looks at a time, a few batches are on their way at once, and a timer for what is owed later. */
const openLane = (needs: OutboxNeeds, node: string): Lane => {
  const { clock, log } = needs;
  const busy = new Set<string>();
  let looking = false;
  let again = false;
  let running = 0;
  let stopped = false;
  let wait = firstWait;
  let timer: { readonly due: number; readonly cancel: () => void } | undefined;

  const isUp = () => needs.messages.links().some((link) => link.node === node && link.up);
  const pokeIn = (milliseconds: number) => {
    const due = clock.monotonic() + milliseconds;
    if (stopped || (timer !== undefined && timer.due <= due)) return;
    timer?.cancel();
    const cancel = clock.after(milliseconds, () => {
      timer = undefined;
      poke();
    });
    timer = { due, cancel };
  };
  const failed = () => {
    pokeIn(wait);
    wait = Math.min(wait * 2, longestWait);
  };

  /** The rows of the next batch, taken; sees to it that what is owed later is looked for then. */
  const look = async (): Promise<readonly TransferRecord[]> => {
    const now = clock.now();
    const limit = batchCount + busy.size + 1;
    const where = { owed: node, tellAt: { from: 0 } };
    const rows = orThrow(await needs.models.query(needs.projection, { where, orderBy: 'tellAt', limit })());
    const due = rows.filter((row) => (row.tellAt ?? 0) <= now && !busy.has(row.id));
    const next = rows.find((row) => (row.tellAt ?? 0) > now);
    if (typeof next?.tellAt === 'number') pokeIn(Math.max(1, next.tellAt - now));
    const mine = due.slice(0, batchCount);
    for (const row of mine) busy.add(row.id);
    if (due.length > mine.length) again = true;
    return mine;
  };

  const round = async (): Promise<void> => {
    const mine = await look().finally(() => {
      looking = false;
    });
    if (mine.length === 0) return;
    if (again) poke();
    try {
      const told = await tellBatch(needs, node, mine);
      if (told === 'failed') failed();
      else wait = firstWait;
      if (told === 'told') again = true;
    } finally {
      for (const row of mine) busy.delete(row.id);
    }
  };

  const poke = (): void => {
    if (stopped || !isUp()) return;
    again = looking || running >= batchesAtOnce;
    if (again) return;
    looking = true;
    running += 1;
    void round()
      .catch((error: unknown) => {
        if (stopped) return;
        log.error('telling the peer broke', { peer: node, error: String(error) });
        failed();
      })
      .finally(() => {
        running -= 1;
        if (again) poke();
      });
  };

  return {
    poke,
    stop: () => {
      stopped = true;
      timer?.cancel();
    },
  };
};

const tellBatch = async (
  needs: OutboxNeeds,
  node: string,
  rows: readonly TransferRecord[],
): Promise<'told' | 'nothing' | 'failed'> => {
  const parcels = await gather(needs, rows);
  if (parcels.length === 0) return 'nothing';
  const answered = await needs.messages.events(node, parcels)();
  if (isLeft(answered)) return 'failed';
  await apply(needs, node, parcels, answered.right);
  await needs.projector.settled(needs.streams.position());
  return 'told';
};

const gather = async (needs: OutboxNeeds, rows: readonly TransferRecord[]): Promise<readonly Parcel[]> => {
  const parcels: Parcel[] = [];
  let bytes = 0;
  for (const row of rows) {
    const events = orThrow(await needs.streams.events(row.id));
    for (const event of events) {
      const { origin, originSeq } = event.meta;
      if (origin !== needs.node || originSeq === undefined || originSeq <= row.acked) continue;
      const payload = await inline(needs, event);
      parcels.push(payload === undefined ? { transfer: row.id, event } : { transfer: row.id, event, payload });
      bytes += payload?.length ?? 0;
    }
    if (bytes >= batchBytes) break;
  }
  return parcels;
};

const inline = async (needs: OutboxNeeds, event: TransferEvent): Promise<Uint8Array | undefined> => {
  if (event.type !== 'received' || event.data.payload.size > needs.streamingSize) return undefined;
  const opened = await needs.payloads.read(event.data.payload.key)();
  if (isLeft(opened)) return undefined;
  const whole = new Uint8Array(event.data.payload.size);
  let at = 0;
  for await (const chunk of opened.right) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
};

/** What the peer said about one transfer's parcels, taken together. */
type Said = {
  readonly stored: number;
  readonly later?: string;
  readonly refused?: string;
  readonly events: readonly TransferEvent[];
};

const add = (said: Said, parcel: Parcel, answer: ParcelAnswer | undefined): Said => {
  switch (answer?.result) {
    case 'stored':
      return {
        ...said,
        stored: parcel.event.meta.originSeq ?? said.stored,
        events: [...said.events, ...answer.events],
      };
    case 'later':
      return { ...said, later: answer.text };
    default:
      return { ...said, refused: answer?.text ?? 'no answer' };
  }
};

const apply = async (
  needs: OutboxNeeds,
  node: string,
  parcels: readonly Parcel[],
  answers: readonly ParcelAnswer[],
): Promise<void> => {
  const peer = needs.messages.links().find((link) => link.node === node);
  if (peer === undefined) return;
  const byTransfer = new Map<string, Said>();
  for (const [i, parcel] of parcels.entries()) {
    const before = byTransfer.get(parcel.transfer) ?? { stored: 0, events: [] };
    byTransfer.set(parcel.transfer, add(before, parcel, answers[i]));
  }
  await Promise.all([...byTransfer].map(([transfer, said]) => settle(needs, peer, transfer, said)));
};

/** Takes the peer's own events that came with the answer, and marks how far the peer has come. */
const settle = async (needs: OutboxNeeds, peer: Peer, transfer: string, said: Said): Promise<void> => {
  const { refused, later } = said;
  if (refused !== undefined)
    needs.log.alarm('the peer refuses a transfer; retry offers it again', { transfer, peer: peer.node, why: refused });
  const events = [...new Map(said.events.map((event) => [event.id, event])).values()];
  await needs.inbox.take(
    { role: peer.role, node: peer.node },
    events.map((event) => ({ transfer, event })),
  );
  const now = needs.clock.now();
  await needs.projector.mark(needs.projection, transfer, (row) => {
    const acked = Math.max(row.acked, said.stored);
    if (acked >= row.ownSeq) return { ...row, acked, tellAt: null, tellTries: 0 };
    if (refused !== undefined) return { ...row, acked, tellAt: null };
    if (later === undefined) return { ...row, acked };
    const delay = Math.min(firstWait * 2 ** Math.min(row.tellTries, 10), longestWait);
    return { ...row, acked, tellTries: row.tellTries + 1, tellAt: now + delay };
  });
};
