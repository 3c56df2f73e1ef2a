/** What a log offers, beside the port, to whoever moves it. */
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import type { LogFailure } from '../../domain/failure.ts';
import type { EventLog, NewEvent } from '../../domain/ports.ts';
import { uuidOf } from '../shared/ids.ts';

/** A log that can be moved. */
export type MovableLog = EventLog & {
  /** The streams whose older events are hidden, and from which revision on each is kept. */
  hidden(): TaskEither<LogFailure, ReadonlyMap<string, bigint>>;
  /** So many appends that are asked for together are written in that order; 1 promises nothing. */
  readonly together: number;
};

/** The type of events that only take up a revision. Readers of the whole log never get them, those of their stream do. */
export const fillerType = 'sallyport.filler';

/** An event in the place of one that is not there any more; always the same for the same place. */
export const filler = (stream: string, revision: bigint): NewEvent => ({
  id: uuidOf(`filler ${stream} ${revision}`),
  type: fillerType,
  data: {},
  metadata: {},
});

/** Fillers stand in this stream of a log for as long as another one is being copied to it; then they are hidden. */
export const copying = 'copying';
