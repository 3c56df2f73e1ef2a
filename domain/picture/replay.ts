/** A transfer told event by event: after each, its state and the lane in which it is. */
import type { Role } from '../role.ts';
import { apply, begin, type Folded, scenarioOf } from '../transfer/fold.ts';
import type { TransferEvent } from '../transfer/vocabulary.ts';
import { type Owners, rowOf } from './owners.ts';

/** One event, and what it made of the transfer. */
export type Replayed = {
  readonly revision: number;
  readonly event: TransferEvent;
  /** The server that recorded it. */
  readonly by: Role;
  /** The transfer's owner now; once it has ended, the server that recorded the end. */
  readonly lane: Role;
  /** Could the machine take the event? One that it could not moves nothing. */
  readonly legal: boolean;
  readonly before: Folded;
  readonly after: Folded;
};

/** Replays the events in order; empty where the first opens no transfer. */
export const replay = (id: string, events: readonly TransferEvent[], owners: Owners): readonly Replayed[] => {
  const scenario = events[0] === undefined ? undefined : scenarioOf(events[0]);
  if (scenario === undefined) return [];
  const told: Replayed[] = [];
  let before = begin(id, scenario);
  for (const [revision, event] of events.entries()) {
    const after = apply(before, event, BigInt(revision));
    const by = event.meta.origin === after.transfer.dmz ? 'dmz' : 'inner';
    const owner = rowOf(owners, scenario, after.heldFrom ?? after.state)?.owner;
    const lane = owner ?? (before.ended ? told.at(-1)?.lane : undefined) ?? by;
    const legal = after.illegal.length === before.illegal.length;
    told.push({ revision, event, by, lane, legal, before, after });
    before = after;
  }
  return told;
};
