import type { EventMeta, EventType } from './vocabulary.ts';

/** The name whose UUIDv5 is an event's id: the same step's same try can be recorded once only, and anybody can recompute it. */
export const eventName = (stream: string, type: EventType, meta: EventMeta): string =>
  [meta.origin, stream, meta.step, type, meta.run, meta.attempt].join('\n');

/** The stream of a transfer. */
export const transferStream = (id: string): string => `transfer-${id}`;

/** Is it a transfer's? */
export const isTransferStream = (stream: string): boolean => stream.startsWith('transfer-');

/** The transfer of a stream, or undefined for another category. */
export const transferOf = (stream: string): string | undefined =>
  isTransferStream(stream) ? stream.slice('transfer-'.length) : undefined;
