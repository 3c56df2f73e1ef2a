/** Events as a log holds them, whatever they tell. */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };
export type JsonObject = { readonly [key: string]: Json | undefined };

/** An event to be appended; `id` is a UUID and makes a retry of the append harmless. */
export type NewEvent = {
  readonly id: string;
  readonly type: string;
  readonly data: JsonObject;
  readonly metadata: JsonObject;
};

/** Where an event stands in the whole log: opaque, ordered as text, exclusive on resume. */
export type Position = string;

/** A recorded event. Revisions are 0-based and gapless in their stream. */
export type LoggedEvent = NewEvent & {
  readonly stream: string;
  readonly revision: bigint;
  readonly position: Position;
};
