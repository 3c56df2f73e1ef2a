/** The words that the parts of the wire server share. */

/** The last revision of a tombstoned stream, the `$tb` of a deleted one, and beyond every position. */
export const greatest = 9_223_372_036_854_775_807n;

export type Expected = 'any' | 'no_stream' | 'stream_exists' | bigint;

/** An event as a client proposes it. */
export type Proposed = {
  readonly id: string;
  readonly type: string;
  readonly contentType: string;
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
};

/** An event as it was stored; `created` counts units of 100 ns since 1970. */
export type Recorded = Proposed & {
  readonly stream: string;
  readonly revision: bigint;
  readonly position: bigint;
  readonly created: bigint;
};

/** An append as it was asked for. */
export type Append = { readonly stream: string; readonly expected: Expected; readonly events: readonly Proposed[] };

/** How a write ended; a position is there where an event is. */
export type Outcome =
  | { readonly kind: 'stored'; readonly revision: bigint; readonly position: bigint | undefined }
  | { readonly kind: 'conflict'; readonly current: bigint; readonly expected: Expected }
  | { readonly kind: 'deleted'; readonly stream: string };

/** A host and port. */
export type Endpoint = { readonly host: string; readonly port: number };
