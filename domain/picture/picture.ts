/** What a picture of a scenario, or of one transfer's way through it, shows; nothing here says how it is drawn. */
import type { Role } from '../role.ts';
import type { EventType } from '../transfer/vocabulary.ts';

/** A state, in the lane of its owner; an end stands where the event that led to it was recorded. */
export type PictureState = {
  readonly id: string;
  readonly label: string;
  readonly lane: Role;
  readonly kind: 'begin' | 'open' | 'held' | 'end';
  /** The step that leads on, where there is one way on. */
  readonly step?: string;
  /** The state beside which it stands: it was left from there, off the scenario's own path. */
  readonly beside?: string;
  readonly visited: boolean;
  /** Is the transfer here now? */
  readonly marked: boolean;
};

/** A recorded event on an edge. */
export type Taken = { readonly revision: number; readonly at: number; readonly origin: string };

/** A way from a state to a state, or a record within one. */
export type PictureEdge = {
  readonly from: string;
  readonly to: string;
  readonly event: EventType;
  readonly label: string;
  readonly by: Role;
  /** Is the event told to the other server? */
  readonly travels: boolean;
  readonly taken: readonly Taken[];
};

/** An event that many states take alike: from every open state, from one beside them, or at any time. */
export type SharedEvent = {
  readonly from: 'open' | 'any' | (string & {});
  readonly event: EventType;
  readonly label: string;
  /** A state, or `back` to the one that was left, or `stay`. */
  readonly to: 'back' | 'stay' | (string & {});
};

/** The transfer whose way is shown. Its name is what a partner wrote. */
export type PictureTransfer = {
  readonly id: string;
  readonly name: string;
  readonly channel: string;
  readonly state: string;
  readonly heldFrom?: string;
  readonly reason?: string;
  /** The transfer that it came from. */
  readonly parent?: string;
  /** The transfers that it was taken apart into. */
  readonly parts?: readonly string[];
  /** Milliseconds since 1970. */
  readonly begun: number;
  /** Events that move nothing: of the payload, of the partner's view. */
  readonly remarks: readonly { readonly label: string; readonly taken: readonly Taken[] }[];
  /** Events that the machine could not take. */
  readonly illegal: readonly string[];
};

/** The picture. */
export type Picture = {
  readonly scenario: string;
  readonly title: string;
  readonly states: readonly PictureState[];
  readonly edges: readonly PictureEdge[];
  readonly shared: readonly SharedEvent[];
  readonly transfer?: PictureTransfer;
};
