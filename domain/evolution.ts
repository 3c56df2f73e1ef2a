/**
 * How recorded events outlive the shape that they had when they were recorded. An event's version stands in its metadata,
 * version 1 by being absent. What is recorded is never changed: it is brought to its present form as it is read.
 */
import type { JsonObject, LoggedEvent, NewEvent } from './ports.ts';

/** Takes the data of one version of an event to the next. Total over all that its version allowed. */
export type Upcaster = (data: JsonObject) => JsonObject;

/** By event type, the way from each of its versions to the next; the first leads from 1 to 2. */
export type Upcasters = Readonly<Record<string, readonly Upcaster[]>>;

/** THE TABLE: a line here is what raises the version of an event. */
export const upcasters: Upcasters = {};

/** The present version of an event type. */
export const versionOf = (type: string, table = upcasters): number => 1 + waysOf(type, table).length;

const waysOf = (type: string, table: Upcasters): readonly Upcaster[] =>
  Object.hasOwn(table, type) ? (table[type] ?? []) : [];

/** The event as it is recorded: with its version, unless that is the first. */
export const asRecorded = (event: NewEvent, table = upcasters): NewEvent => {
  const version = versionOf(event.type, table);
  return version === 1 ? event : { ...event, metadata: { ...event.metadata, version } };
};

/** The event in its present form, the version gone from its metadata. One of a version that is not known is a defect. */
export const asPresent = (event: LoggedEvent, table = upcasters): LoggedEvent => {
  const ways = waysOf(event.type, table);
  if (ways.length === 0 && event.metadata.version === undefined) return event;
  const { version = 1, ...metadata } = event.metadata;
  const where = `${event.stream} at revision ${event.revision} holds ${event.type}`;
  if (typeof version !== 'number' || !Number.isInteger(version) || version < 1)
    throw new Error(`${where} of version ${JSON.stringify(version)}, which is none`);
  if (version > ways.length + 1)
    throw new Error(
      `${where} of version ${version}, and this Sallyport knows versions up to ${ways.length + 1}: it was written by a newer Sallyport; upgrade this one`,
    );
  const data = ways.slice(version - 1).reduce((before, upcaster) => upcaster(before), event.data);
  return { ...event, data, metadata };
};
