/** The decision to run an ended transfer again: what the new one begins with. */
import { left, right } from 'fp-ts/lib/Either.js';
import { type Decision, refusal } from '../failure.ts';
import type { PayloadRef } from '../payload.ts';
import type { Folded } from './fold.ts';
import type { Creation, TransferEvent, Who } from './vocabulary.ts';

/** Which payload it begins with, and how, once there is a copy of that. */
export type Beginning = {
  readonly from: PayloadRef;
  readonly created: (payload: PayloadRef) => Creation;
};

/**
 * What was received is processed anew, by the profile as it is now; what was sent, provided or delivered is so once more.
 * Nothing is asked of the partner again that the file came from.
 */
export const beginAgain = (
  { id, scenario, state, ended, transfer }: Folded,
  events: readonly TransferEvent[],
  by: Who,
  dmz: string,
): Decision<Beginning> => {
  if (!ended) return left(refusal('illegal', `it has not ended (${state}): release or retry it, or abandon it first`));
  const { channel, target, payload } = transfer;
  const shared = { channel, by, again: id };
  if (target !== undefined && payload !== undefined) {
    const sent = { ...shared, target };
    switch (scenario) {
      case 'innerOnly':
      case 'innerSends':
        return right({ from: payload, created: (copy) => ({ ...sent, scenario, payload: copy }) });
      case 'responseSend':
      case 'provide':
        return right({ from: payload, created: (copy) => ({ ...sent, scenario, payload: copy, dmz }) });
    }
  }
  const brought = broughtBy(events);
  if (brought === undefined)
    return left(refusal('notFound', 'its payload never came to inner; there is nothing to run'));
  // An agent's files have no other profile than the agent's own.
  const pinned = scenario === 'cronGet' || brought.pinned ? { profile: transfer.profile } : {};
  const partOf = transfer.parent === undefined ? {} : { parent: transfer.parent };
  return right({
    from: brought.payload,
    created: (copy) => ({
      ...shared,
      ...pinned,
      ...partOf,
      scenario: 'processAgain',
      name: brought.name,
      payload: copy,
    }),
  });
};

/** The data as it came, before any step of a profile, under the name that it had then. */
const broughtBy = (events: readonly TransferEvent[]) => {
  let name = '';
  for (const { type, data } of events) {
    if (type === 'received') name = data.name;
    if (type === 'fetched') return { name, payload: data.payload, pinned: false };
    if (type !== 'created') continue;
    if (data.scenario === 'processPart') return { name: data.name, payload: data.payload, pinned: false };
    if (data.scenario === 'processAgain')
      return { name: data.name, payload: data.payload, pinned: data.profile !== undefined };
  }
  return undefined;
};
