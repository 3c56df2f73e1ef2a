import type { Clock, LoggedEvent } from '../../domain/ports.ts';
import { within } from './eventstoredb-calls.ts';
import type { EventStoreClient } from './eventstoredb-client.ts';
import { newestOf } from './eventstoredb-reads.ts';

/**
 * Hides a stream's events before a revision: `$tb` in its metadata, beside whatever else an operator has put there. The
 * server's scavenge frees the disk. Where all is hidden already, or there is no such stream, there is nothing to do.
 */
export const hideBefore = async (
  client: EventStoreClient,
  stream: string,
  keepFrom: bigint,
  { tryFor, clock }: { readonly tryFor: number; readonly clock: Clock },
): Promise<void> => {
  const [newest] = await newestOf(client, stream, 1, tryFor, clock);
  if (newest === undefined) return;
  const { metadata } = await within(clock, tryFor, client.getStreamMetadata(stream, { requiresLeader: true }));
  const from = keepFrom > newest.revision ? newest.revision + 1n : keepFrom;
  if (from <= BigInt(metadata?.truncateBefore ?? 0)) return;
  await within(
    clock,
    tryFor,
    client.setStreamMetadata(
      stream,
      { ...metadata, truncateBefore: Number(from) },
      { requiresLeader: true, deadline: tryFor },
    ),
  );
};

/** From which revision on streams are kept, by the events of their metadata in log order; of each the last one counts. */
export const hiddenIn = (metadata: readonly LoggedEvent[]): ReadonlyMap<string, bigint> => {
  const kept = new Map<string, bigint>();
  for (const { stream, data } of metadata) {
    const before = data.$tb;
    if (typeof before === 'number' && before > 0) kept.set(stream, BigInt(before));
    else kept.delete(stream);
  }
  return kept;
};
