import {
  type AllStreamRecordedEvent,
  BACKWARDS,
  END,
  type ResolvedEvent,
  type StreamingRead,
  StreamNotFoundError,
} from '@eventstore/db-client';
import type { Clock } from '../../domain/ports.ts';
import type { EventStoreClient } from './eventstoredb-client.ts';
import { TimedOut } from './eventstoredb-errors.ts';

/** A recorded event of a stream; servers from 22.6 on say its position there, too. */
export type Recorded = AllStreamRecordedEvent;

/** All events of a read; none of a missing stream. The server may be silent for `silence` milliseconds at most. */
export const eventsOf = async (
  read: StreamingRead<ResolvedEvent>,
  silence: number,
  clock: Clock,
): Promise<readonly Recorded[]> => {
  const events: Recorded[] = [];
  let cancel: () => void = () => undefined;
  const progress = (): void => {
    cancel();
    cancel = clock.after(silence, () => read.destroy(new TimedOut(`no answer within ${silence} ms`)));
  };
  // The client may tell of an error after the read is over.
  read.on('error', () => undefined);
  progress();
  try {
    for await (const { event } of read) {
      progress();
      if (event !== undefined) events.push(event as Recorded);
    }
    return events;
  } catch (error) {
    read.cancel().catch(() => undefined);
    if (error instanceof StreamNotFoundError) return [];
    throw error;
  } finally {
    cancel();
  }
};

/** The newest events of a stream, newest first. */
export const newestOf = (
  client: EventStoreClient,
  stream: string,
  count: number,
  silence: number,
  clock: Clock,
): Promise<readonly Recorded[]> =>
  eventsOf(
    client.readStream(stream, { fromRevision: END, direction: BACKWARDS, maxCount: count, requiresLeader: true }),
    silence,
    clock,
  );
