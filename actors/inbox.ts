/**
 * The one door in for the peer's events. Takes only the next number of an origin, only events that the table lets that
 * role record in the present state, only with the id that they must have; and however often one arrives, it stands once.
 */
import { isLeft } from 'fp-ts/lib/Either.js';
import { failureIn } from '../domain/failure.ts';
import type { Parcel, ParcelAnswer, Peer } from '../domain/message.ts';
import { keyOf } from '../domain/payload.ts';
import type { Ids, Log, PayloadStore } from '../domain/ports.ts';
import type { Role } from '../domain/role.ts';
import { eventName, transferStream } from '../domain/transfer/event-id.ts';
import { apply, begin, can, type Folded, scenarioOf } from '../domain/transfer/fold.ts';
import type { EventType, Fact, TransferEvent } from '../domain/transfer/vocabulary.ts';
import type { HeldKeys } from './held-keys.ts';
import { handOverOf, mayRecord, travels } from './roles.ts';
import { storeWhole } from './store-whole.ts';
import { retired, type Streams, type Turn } from './streams.ts';

/** What the inbox rests on. `admits` is this server's own say on what a peer may open; a sentence refuses. */
export type InboxNeeds = {
  readonly streams: Streams;
  readonly payloads: PayloadStore;
  readonly ids: Ids;
  readonly log: Log;
  readonly role: Role;
  readonly node: string;
  /** Keys that this process is writing: the sweep leaves them alone. */
  readonly held: HeldKeys;
  readonly admits: (from: Peer, event: TransferEvent) => string | undefined;
};

/** Takes parcels. */
export type Inbox = {
  take(from: Peer, parcels: readonly Parcel[]): Promise<readonly ParcelAnswer[]>;
};

const refused = (text: string): ParcelAnswer => ({ result: 'refused', text });
/** What was taken here so long ago that its events are purged is not taken again. */
const known: ParcelAnswer = { result: 'stored', events: [] };
const later = (text: string, expected?: number): ParcelAnswer => ({ result: 'later', text, expected });

/** Opens the inbox. */
export const openInbox = (needs: InboxNeeds): Inbox => {
  const takeOne = async (from: Peer, parcel: Parcel): Promise<ParcelAnswer> => {
    const answer = await needs.streams
      .inTurn(parcel.transfer, (turn) => takeInTurn(needs, from, parcel, turn))
      .catch((error: unknown) => {
        if (failureIn(error)?.code === retired.code) return known;
        needs.log.error('an event of the peer could not be taken', { transfer: parcel.transfer, error: String(error) });
        return later('internal error');
      });
    if (answer.result === 'refused')
      needs.log.alarm('refused an event of the peer', {
        transfer: parcel.transfer,
        event: parcel.event.type,
        from: from.node,
        why: answer.text,
      });
    return answer;
  };
  return {
    take: async (from, parcels) => {
      const answers = new Map<string, Promise<ParcelAnswer>>();
      return Promise.all(
        parcels.map((parcel) => {
          const before = answers.get(parcel.transfer) ?? Promise.resolve(undefined);
          const answer = before.then((previous) =>
            previous === undefined || previous.result === 'stored' ? takeOne(from, parcel) : previous,
          );
          answers.set(parcel.transfer, answer);
          return answer;
        }),
      );
    },
  };
};

const takeInTurn = async (needs: InboxNeeds, from: Peer, parcel: Parcel, turn: Turn): Promise<ParcelAnswer> => {
  const { event, transfer } = parcel;
  const { origin, originSeq } = event.meta;
  if (origin !== from.node) return refused(`it says it comes from ${origin}`);
  if (event.id !== needs.ids.uuid(eventName(transferStream(transfer), event.type, event.meta)))
    return refused('its id is not the one that it must have');
  const scenario = turn.folded?.scenario ?? scenarioOf(event);
  if (scenario === undefined) return refused(`${event.type} cannot open a transfer`);
  if (originSeq === undefined || !travels(scenario, event.type)) return refused(`${event.type} does not travel`);
  const before = turn.folded ?? begin(transfer, scenario);
  const expected = (before.transfer.seqs[origin] ?? 0) + 1;
  if (originSeq < expected) return again(needs, event, transfer);
  if (originSeq > expected) return later(`number ${expected} is missing`, expected);
  if (!mayRecord(from.role, before, event.type) || !can(before, event))
    return refused(`${from.role} may not record ${event.type} in ${before.state}`);
  const objection = needs.admits(from, event);
  if (objection !== undefined) return refused(objection);
  return store(needs, parcel, before, turn);
};

const again = async (needs: InboxNeeds, event: TransferEvent, transfer: string): Promise<ParcelAnswer> => {
  const read = await needs.streams.events(transfer);
  if (isLeft(read)) return read.left.code === retired.code ? known : later(read.left.text);
  const index = read.right.findIndex((each) => each.id === event.id);
  const recorded = read.right[index];
  if (recorded === undefined || JSON.stringify(sorted(recorded.data)) !== JSON.stringify(sorted(event.data)))
    return refused('another event is recorded under that number');
  const mine = read.right.slice(index + 1).filter((each) => each.meta.origin === needs.node);
  return { result: 'stored', events: mine.filter((each) => each.meta.originSeq !== undefined).slice(0, 100) };
};

const sorted = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(sorted)
    : value !== null && typeof value === 'object'
      ? Object.fromEntries(
          Object.entries(value)
            .filter(([, each]) => each !== undefined)
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([key, each]) => [key, sorted(each)]),
        )
      : value;

const store = async (needs: InboxNeeds, parcel: Parcel, before: Folded, turn: Turn): Promise<ParcelAnswer> => {
  const key = keyOf(needs.node, parcel.transfer);
  await needs.held.hold(key);
  try {
    return await storeAndAppend(needs, parcel, before, turn);
  } finally {
    needs.held.release(key);
  }
};

const storeAndAppend = async (needs: InboxNeeds, parcel: Parcel, before: Folded, turn: Turn): Promise<ParcelAnswer> => {
  const { event, transfer, payload } = parcel;
  if (event.type === 'received' && payload !== undefined) {
    const stored = await storeWhole(needs.payloads, keyOf(needs.node, transfer), payload, event.data.payload)();
    if (isLeft(stored))
      return stored.left.code === 'mismatch' ? refused('its payload is not what it says') : later(stored.left.text);
  }
  const reached = apply(before, event, before.revision + 1n);
  const handOver = handOverOf(reached.scenario, reached.state, needs.role);
  const fact = handOver && takenOver(handOver.event, payload !== undefined);
  const mine = handOver && fact ? [turn.stamp(reached, handOver.step, fact)] : [];
  const done = await turn.append(before, [event, ...mine]);
  return isLeft(done) ? later(done.left.text) : { result: 'stored', events: mine };
};

/** What is recorded of a hand-over. */
const takenOver = (event: EventType, inline: boolean): Fact | undefined =>
  event === 'forwarded'
    ? { type: 'forwarded', data: { inline } }
    : event === 'requested'
      ? { type: 'requested', data: {} }
      : undefined;
