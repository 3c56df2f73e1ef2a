/** Between the port's names and positions and those of EventStoreDB. */
import type { AllStreamRecordedEvent, Position as StorePosition } from '@eventstore/db-client';
import type { JsonObject, LoggedEvent, Position } from '../../domain/ports.ts';

/**
 * What the names of all streams of a node begin with, so that one EventStoreDB can hold the logs of many nodes and of
 * other programs. The first "-" of a name ends its category, so the node's own become "_", which no node's name has.
 */
export const prefixOf = (node: string): string => `sallyport.${node.replaceAll('-', '_')}.`;

const width = 20;
const padded = (part: bigint): string => part.toString().padStart(width, '0');

/** A position as text whose order is that of the log. */
export const positionOf = ({ commit, prepare }: StorePosition): Position => `${padded(commit)}/${padded(prepare)}`;

/** The position of a text; one that is no position of such a log is a defect. */
export const storePositionOf = (position: Position): StorePosition => {
  const [, commit, prepare] = /^(\d{20})\/(\d{20})$/.exec(position) ?? [];
  if (commit === undefined || prepare === undefined)
    throw new Error(`"${position.slice(0, 60)}" is no position of an event log on EventStoreDB`);
  return { commit: BigInt(commit), prepare: BigInt(prepare) };
};

/** A recorded event as the port gives it; undefined for one that is not of this log. */
export const unpackFrom = (prefix: string, event: AllStreamRecordedEvent | undefined): LoggedEvent | undefined => {
  if (event?.streamId.startsWith(prefix) !== true) return undefined;
  return {
    id: event.id,
    type: event.type,
    data: objectIn(event.data),
    metadata: objectIn(event.metadata),
    stream: event.streamId.slice(prefix.length),
    revision: event.revision,
    position: positionOf(event.position),
  };
};

/** We write objects only; whatever else another program has put there says nothing to us. */
const objectIn = (value: unknown): JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
    ? (value as JsonObject)
    : {};
