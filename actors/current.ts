import { isLeft } from 'fp-ts/lib/Either.js';
import { temporary } from '../domain/failure.ts';
import type { Projector } from './projector.ts';
import type { Streams } from './streams.ts';

/** Why nothing is decided by a view that is not current. */
export const stale = temporary('noSlot', 'the read models do not show yet all that is recorded');

/** What can be asked whether it shows what was recorded, and what was. */
export type Shown = { readonly projector: Pick<Projector, 'settled'>; readonly streams: Pick<Streams, 'reached'> };

/** Do the read models show all that is recorded? They do not while they wait for room on the disk, or for the event log. */
export const isCurrent = async ({ projector, streams }: Shown): Promise<boolean> => {
  const reached = await streams.reached();
  return !isLeft(reached) && projector.settled(reached.right);
};
