/** Appending to EventStoreDB so that however often it is tried, it is done once. */
import { jsonEvent } from '@eventstore/db-client';
import type { Clock, Expected, NewEvent, Position } from '../../domain/ports.ts';
import { within } from './eventstoredb-calls.ts';
import type { EventStoreClient } from './eventstoredb-client.ts';
import { positionOf } from './eventstoredb-names.ts';
import { newestOf, type Recorded } from './eventstoredb-reads.ts';

/** Where the last event of an append stands. */
export type Place = { readonly revision: bigint; readonly position: Position };

/** What an append to a stream without any event answers where it appends none. */
const nowhere: Place = { revision: -1n, position: positionOf({ commit: 0n, prepare: 0n }) };
/** An earlier try is looked for among so many of the newest events of its stream. */
const lookBack = 1_000;

/** One try of an append, to a stream by its name at the server. */
export const appendOnce = async (
  client: EventStoreClient,
  stream: string,
  events: readonly NewEvent[],
  expected: Expected,
  { tryFor, clock }: { readonly tryFor: number; readonly clock: Clock },
): Promise<Place> => {
  const appended = client.appendToStream(
    stream,
    events.map(({ id, type, data, metadata }) => jsonEvent({ id, type, data, metadata })),
    { expectedRevision: expectedRevision(expected), deadline: tryFor, requiresLeader: true },
  );
  const { nextExpectedRevision: revision, position } = await within(clock, tryFor, appended);
  if (position !== undefined) return { revision, position: positionOf(position) };
  const there = await earlier(client, stream, events, { tryFor, clock });
  if (there === undefined) throw new Error('the server does not say where the events stand');
  return there;
};

/**
 * Where the events stand, if an earlier try has written them. With an exact revision the server itself knows a
 * repetition; without one it does so only for as long as it remembers.
 */
export const earlier = async (
  client: EventStoreClient,
  stream: string,
  events: readonly NewEvent[],
  { tryFor, clock }: { readonly tryFor: number; readonly clock: Clock },
): Promise<Place | undefined> => {
  const newest = await newestOf(client, stream, lookBack + events.length, tryFor, clock);
  const found = newest.find(({ id }) => id === events.at(-1)?.id);
  return found && placeOf(found);
};

/** An append of no events: the server does not tell a missing stream from one of a single event, so we look ourselves. */
export const appendNothing = async (
  client: EventStoreClient,
  stream: string,
  expected: Expected,
  { tryFor, clock }: { readonly tryFor: number; readonly clock: Clock },
): Promise<Place | undefined> => {
  const [last] = await newestOf(client, stream, 1, tryFor, clock);
  const place = last === undefined ? nowhere : placeOf(last);
  const fits =
    expected === 'any' ||
    (expected === 'streamExists' ? last !== undefined : place.revision === (expected === 'noStream' ? -1n : expected));
  return fits ? place : undefined;
};

const placeOf = ({ revision, position }: Recorded): Place => ({ revision, position: positionOf(position) });

const expectedRevision = (expected: Expected): 'any' | 'no_stream' | 'stream_exists' | bigint => {
  if (expected === 'noStream' || expected === -1n) return 'no_stream';
  return expected === 'streamExists' ? 'stream_exists' : expected;
};
