/** Makes signed receipts of transfers, from what this server's log holds of them. */
import { isLeft, left, right } from 'fp-ts/lib/Either.js';
import { contentHash, markOf, type Segment, segmentHash } from '../domain/chain.ts';
import type { TransferRow } from '../domain/control.ts';
import type { Decision } from '../domain/failure.ts';
import type { Clock, EventLog, Ids, LoggedEvent, Signatures } from '../domain/ports.ts';
import { type Receipt, receiptText } from '../domain/receipt.ts';
import type { Role } from '../domain/role.ts';
import { decode } from '../domain/transfer/codec.ts';
import { transferStream } from '../domain/transfer/event-id.ts';
import { asRefusal } from './refusals.ts';
import { ordinalsIn, segmentOf } from './segments.ts';

/** What receipts rest on. */
export type ReceiptNeeds = {
  readonly eventLog: EventLog;
  readonly signatures: Signatures;
  readonly ids: Pick<Ids, 'sha256'>;
  readonly clock: Clock;
  readonly role: Role;
  readonly node: string;
};

const mostEvents = 10_000;

/** Makes the receipt of a transfer. What its events say besides stays in the log. */
export const receipts = (needs: ReceiptNeeds) => {
  const { eventLog, signatures, clock, role, node } = needs;
  const { sha256 } = needs.ids;
  return async (row: TransferRow): Promise<Decision<Receipt>> => {
    const read = await eventLog.readStream(transferStream(row.id), { limit: mostEvents })();
    if (isLeft(read)) return left(asRefusal(read.left));
    const segments = new Map<number, Segment>();
    const sealedBy = async (event: LoggedEvent, mark: string) => {
      const isIn = (segment: Segment): boolean => ordinalsIn(segment)(mark) !== undefined;
      const segment = [...segments.values()].find(isIn) ?? (await segmentOf(eventLog, node, event));
      const ordinal = segment && ordinalsIn(segment)(mark);
      if (segment === undefined || ordinal === undefined) return { segment: null, ordinal: null };
      segments.set(segment.n, segment);
      return { segment: segment.n, ordinal };
    };
    const events: Receipt['events'] = [];
    for (const logged of read.right) {
      const event = decode(logged);
      if (event === undefined) continue;
      const hash = contentHash(logged, sha256);
      const { origin, at } = event.meta;
      events.push({ id: event.id, type: event.type, origin, at, hash, ...(await sealedBy(logged, markOf(hash))) });
    }
    const { id, scenario, state, channel, name, size, sha256: payload, createdAt, updatedAt } = row;
    const content: Omit<Receipt, 'signature'> = {
      ...{ format: 'sallyport receipt 1', node, role, at: clock.now() },
      transfer: { id, scenario, state, channel, name, size, sha256: payload, createdAt, updatedAt },
      events,
      segments: [...segments.values()].map((each) => ({ n: each.n, hash: segmentHash(each, sha256) })),
      certificate: signatures.certificate,
    };
    return right({ ...content, signature: signatures.sign(receiptText(content)) });
  };
};
