/** Between the port's events and the stored ones. */
import {
  type Expected,
  type JsonObject,
  type LoggedEvent,
  type NewEvent,
  type Position,
  UnreadableEvent,
} from '../../domain/ports.ts';
import type { ExpectedRevision, PackedEvent, StoredEvent } from './protocol.ts';

/** The largest event, serialised, in bytes: as EventStoreDB's default. */
export const largestEvent = 1024 ** 2;

/** Bytes that an event takes: its id, type, data and metadata. */
export const bytesOf = (event: PackedEvent): number => event.reduce((sum, part) => sum + Buffer.byteLength(part), 0);

/** An event as it is stored. */
export const pack = ({ id, type, data, metadata }: NewEvent): PackedEvent => [
  id,
  type,
  JSON.stringify(data),
  JSON.stringify(metadata),
];

/** A stored event as the port gives it. Throws an `UnreadableEvent` where the disk has spoilt it. */
export const unpack = ([ordinal, stream, revision, id, type, data, metadata]: StoredEvent): LoggedEvent => {
  const place = { id, stream, revision: BigInt(revision) };
  return {
    ...place,
    type,
    data: parsed(data, place),
    metadata: parsed(metadata, place),
    position: positionOf(ordinal),
  };
};

const parsed = (text: string, place: UnreadableEvent['place']): JsonObject => {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as JsonObject;
  } catch {
    // as if it were no object
  }
  throw new UnreadableEvent(place);
};

/** A position is its ordinal, padded so that text order is log order. */
export const positionOf = (ordinal: number): Position => String(ordinal).padStart(16, '0');

/** The ordinal of a position, 0 for none; a text that is no position of this log is a defect. */
export const ordinalOf = (position: Position | undefined): number => {
  if (position === undefined) return 0;
  if (!/^\d{16}$/.test(position)) throw new Error(`"${position.slice(0, 40)}" is no position of this event log`);
  return Number(position);
};

/** Beyond 2^53 a revision is no longer exact, but then no stream is as long. */
export const packExpected = (expected: Expected): ExpectedRevision =>
  typeof expected === 'bigint' ? Number(expected) : expected;
