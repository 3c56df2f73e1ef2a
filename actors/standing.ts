/** How a delivered file stands, as its partner may know it. */
import { isLeft, left, right } from 'fp-ts/lib/Either.js';
import { refusal } from '../domain/failure.ts';
import type { Session } from '../domain/intake.ts';
import { transferStream } from '../domain/transfer/event-id.ts';
import type { Folded } from '../domain/transfer/fold.ts';
import type { Receiving } from './receive.ts';
import { asRefusal } from './refusals.ts';
import { retired } from './streams.ts';

const unknown = refusal('notFound', 'there is no such transfer');

/** Tells it to the partner of a channel; of others' transfers there is nothing to be told. */
export const standingOf =
  ({ streams, projector }: Pick<Receiving, 'streams' | 'projector'>, channel: string): Session['standing'] =>
  (id, patience) =>
  async () => {
    if (!/^[0-9a-z]{26}$/.test(id)) return left(unknown);
    let wake = (): void => undefined;
    // First it is listened to, then looked at, so that nothing happens in between.
    const listening = projector.batches.subscribe((events) => {
      if (events.some((event) => event.stream === transferStream(id))) wake();
    });
    const end = (): void => wake();
    patience?.addEventListener('abort', end);
    try {
      for (;;) {
        const moved = new Promise<void>((resolve) => {
          wake = resolve;
        });
        const loaded = await streams.load(id);
        // Whose it was is not known any more.
        if (isLeft(loaded)) return left(loaded.left.code === retired.code ? unknown : asRefusal(loaded.left));
        const folded = loaded.right;
        if (folded?.transfer.channel !== channel || folded.scenario !== 'partnerSends') return left(unknown);
        if (folded.ended || patience === undefined || patience.aborted) return right(told(folded));
        await moved;
      }
    } finally {
      patience?.removeEventListener('abort', end);
      listening.unsubscribe();
    }
  };

const told = ({ id, state, ended, transfer: { name, payload, createdAt } }: Folded) => ({
  ...{ transfer: id, name, size: payload?.size ?? 0, sha256: payload?.sha256 ?? '', state, ended, received: createdAt },
});
