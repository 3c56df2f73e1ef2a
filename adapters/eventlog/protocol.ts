/** What the log's two threads say to each other. Revisions and ordinals are exact as numbers up to 2^53. */

/** An event as it is stored: data and metadata are JSON text. */
export type PackedEvent = readonly [id: string, type: string, data: string, metadata: string];

/** A stored event with its place. */
export type StoredEvent = readonly [
  ordinal: number,
  stream: string,
  revision: number,
  id: string,
  type: string,
  data: string,
  metadata: string,
];

/** As the port's, with a number for an exact revision. */
export type ExpectedRevision = 'any' | 'noStream' | 'streamExists' | number;

export type AppendRequest = {
  readonly kind: 'append';
  readonly stream: string;
  readonly events: readonly PackedEvent[];
  readonly expected: ExpectedRevision;
};
export type ReadRequest =
  | { readonly kind: 'readStream'; readonly stream: string; readonly from: number; readonly limit: number }
  | { readonly kind: 'readAll'; readonly after: number; readonly limit: number };
export type RetainRequest = { readonly kind: 'retain'; readonly stream: string; readonly keepFrom: number };
export type HiddenRequest = { readonly kind: 'hidden' };
export type LogRequest = AppendRequest | ReadRequest | RetainRequest | HiddenRequest;

type Refused = { readonly kind: 'refused'; readonly code: 'conflict' | 'unavailable'; readonly text: string };
export type AppendAnswer = { readonly kind: 'appended'; readonly revision: number; readonly ordinal: number } | Refused;
export type RetainAnswer = { readonly kind: 'retained' } | Refused;
/** Streams, and from which revision on each is kept. */
export type HiddenAnswer = {
  readonly kind: 'hidden';
  readonly streams: readonly (readonly [stream: string, keepFrom: number])[];
};
/** `more`: the page ended by its own bound, not at the limit or the end. */
export type Page = { readonly kind: 'page'; readonly events: readonly StoredEvent[]; readonly more: boolean };
export type LogResponse = AppendAnswer | Page | RetainAnswer | HiddenAnswer;

/** What the worker is started with, and what it says when it serves. */
export type LogWorkerData = { readonly directory: string; readonly readOnly: boolean };
export type LogReady = { readonly head: number };
