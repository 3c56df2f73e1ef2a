/** Which log the read models were made of: an event that stands in it. */
import type { Projection } from '../domain/ports.ts';

/** The event, by its place in the log and in its stream. */
export type WitnessRow = {
  readonly id: string;
  readonly stream: string;
  readonly revision: string;
  readonly position: string;
};

/** The key of the one row. */
export const witness = 'witness';

/** The read model of the newest event that begins a stream; a new one now and then, since old events may be hidden. */
export const witnessProjection: Projection<WitnessRow> = {
  name: 'witness',
  version: 1,
  indexes: {},
  keyOf: ({ revision }) => (revision === 0n ? witness : undefined),
  fold: (_, { id, stream, revision, position }) => ({ id, stream, revision: String(revision), position }),
};
