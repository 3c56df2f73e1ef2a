/** A server's events as lines for people, as they are recorded. */
import { isLeft } from 'fp-ts/lib/Either.js';
import type { EventLine } from '../domain/control.ts';
import type { LoggedEvent, Projection, ReadModels } from '../domain/ports.ts';
import { decode } from '../domain/transfer/codec.ts';
import { isTransferStream, transferOf } from '../domain/transfer/event-id.ts';
import { labels } from '../domain/transfer/vocabulary.ts';
import { eventWords } from '../domain/transfer/words.ts';
import type { TransferRecord } from '../projections/transfers.ts';
import type { Projector } from './projector.ts';

/** What the lines rest on. */
type LineNeeds = {
  readonly models: ReadModels;
  readonly projection: Projection<TransferRecord>;
  readonly projector: Projector;
};

const queued = 10_000;

/** Live lines; a reader that is too slow loses the oldest, never our memory. */
export async function* eventLines(needs: LineNeeds, signal: AbortSignal): AsyncIterable<EventLine> {
  const waiting: LoggedEvent[] = [];
  let wake: () => void = () => undefined;
  const abort = () => wake();
  signal.addEventListener('abort', abort);
  const subscription = needs.projector.batches.subscribe({
    next: (events) => {
      waiting.push(...events.filter((event) => isTransferStream(event.stream)));
      waiting.splice(0, Math.max(0, waiting.length - queued));
      wake();
    },
    complete: () => {
      wake();
    },
  });
  try {
    while (!signal.aborted && !subscription.closed) {
      const logged = waiting.shift();
      if (logged === undefined) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        continue;
      }
      const line = await lineOf(needs, logged);
      if (line !== undefined) yield line;
    }
  } finally {
    subscription.unsubscribe();
    signal.removeEventListener('abort', abort);
  }
}

const lineOf = async (needs: LineNeeds, logged: LoggedEvent): Promise<EventLine | undefined> => {
  const event = decode(logged);
  const id = transferOf(logged.stream);
  if (event === undefined || id === undefined) return undefined;
  const rows = await needs.models.get(needs.projection, [id])();
  const row = isLeft(rows) ? undefined : rows.right.get(id);
  const { origin, at } = event.meta;
  const [name, channel, state] = [row?.name ?? '', row?.channel ?? '', row?.state ?? ''];
  return {
    transfer: id,
    name,
    channel,
    type: event.type,
    label: labels[event.type],
    state,
    origin,
    at,
    detail: eventWords(event),
  };
};
