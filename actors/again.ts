/** Running an ended transfer again: from its payload, as a new transfer that names the old one, which stays as it is. */
import { isLeft, left, right } from 'fp-ts/lib/Either.js';
import { type Decision, type Refusal, refusal } from '../domain/failure.ts';
import { belongsTo, keyOf, type PayloadRef } from '../domain/payload.ts';
import type { Ids, PayloadStore } from '../domain/ports.ts';
import type { Role } from '../domain/role.ts';
import { beginAgain } from '../domain/transfer/again.ts';
import { fold } from '../domain/transfer/fold.ts';
import type { Who } from '../domain/transfer/vocabulary.ts';
import type { HeldKeys } from './held-keys.ts';
import { asRefusal } from './refusals.ts';
import { storeStream } from './store-whole.ts';
import type { Streams } from './streams.ts';

/** What running again rests on. */
export type AgainNeeds = {
  readonly payloads: PayloadStore;
  readonly streams: Streams;
  readonly held: HeldKeys;
  readonly ids: Ids;
  readonly role: Role;
  readonly node: string;
  /** The dmz that is to send or to show. */
  readonly dmz: () => string;
};

/** Starts a transfer again; answers the id of the new one. */
export type RunAgain = (id: string, by: Who) => Promise<Decision<string>>;

/** Makes what runs transfers again. Inner's alone: it has the payloads that were taken over, and decides what becomes of them. */
export const runningAgain =
  (needs: AgainNeeds): RunAgain =>
  async (id, by) => {
    const { streams, ids, node, role } = needs;
    if (role !== 'inner') return left(refusal('illegal', 'only inner runs a transfer again; ask it there'));
    const events = await streams.events(id);
    if (isLeft(events)) return left(asRefusal(events.left));
    const folded = fold(id, events.right);
    if (folded === undefined) return left(refusal('notFound', `there is no transfer ${id}`));
    const begun = beginAgain(folded, events.right, by, needs.dmz());
    if (isLeft(begun)) return begun;
    const { from, created } = begun.right;
    const fresh = ids.fresh();
    const key = keyOf(node, fresh);
    await Promise.all([needs.held.hold(key), needs.held.hold(from.key)]);
    try {
      const copied = await copy(needs, from, key);
      if (isLeft(copied)) return copied;
      const data = created(copied.right);
      const done = await streams.record(fresh, 'create', () => right([{ type: 'created', data }]));
      return isLeft(done) ? left(asRefusal(done.left)) : right(fresh);
    } finally {
      needs.held.release(key);
      needs.held.release(from.key);
    }
  };

/** A copy of its own: the old one is purged when its time is over. */
const copy = async (needs: AgainNeeds, from: PayloadRef, key: string): Promise<Decision<PayloadRef>> => {
  const { payloads } = needs;
  const bytes = await payloads.read(from.key)();
  if (isLeft(bytes)) return left(bytes.left.code === 'notFound' ? await gone(needs, from) : asRefusal(bytes.left));
  const stored = await storeStream(payloads, key, bytes.right)();
  if (isLeft(stored)) return left(asRefusal(stored.left));
  if (stored.right.sha256 === from.sha256) return stored;
  await payloads.remove(key)();
  return left(refusal('invalid', 'its payload is not what was received: the disk cannot be trusted'));
};

const gone = async ({ streams }: AgainNeeds, { key }: PayloadRef): Promise<Refusal> => {
  const events = await streams.events(belongsTo(key));
  const purged = isLeft(events) ? undefined : events.right.find(({ type }) => type === 'purged');
  const when = purged === undefined ? '' : `: it was purged at ${new Date(purged.meta.at).toISOString()}`;
  return refusal('notFound', `its payload is not here any more${when}`);
};
