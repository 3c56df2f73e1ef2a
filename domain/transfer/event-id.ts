import type { EventMeta, EventType } from './vocabulary.ts';

/** The name whose UUIDv5 is an event's id: the same step's same try can be recorded once only, and anybody can recompute it. */
export const eventName = (stream: string, type: EventType, meta: EventMeta): string =>
  [meta.origin, stream, meta.step, type, meta.run, meta.attempt].join('\n');

/** The stream of a transfer. */
export const transferStream = (id: string): string => `transfer-${id}`;

/** The transfer of a stream, or undefined for another category. */
export const transferOf = (stream: string): string | undefined =>
  stream.startsWith('transfer-') ? stream.slice('transfer-'.length) : undefined;
