/** Replay: a transfer's events in, its state out. */
import type { AnyMachineSnapshot } from 'xstate';
import { type Scenario, scenarios } from '../scenarios/index.ts';
import type { Transfer } from './transfer.ts';
import type { TransferEvent } from './vocabulary.ts';

/** A transfer as its recorded events tell it. */
export type Folded = {
  readonly id: string;
  readonly scenario: string;
  /** `received`, `held`, `acknowledged`, …: a state of the scenario's machine. */
  readonly state: string;
  /** While `held`: the state that it left. */
  readonly heldFrom?: string | undefined;
  readonly ended: boolean;
  readonly transfer: Transfer;
  /** Revision of the last event, -1n for none. */
  readonly revision: bigint;
  /** Events that the machine could not take; each is an alarm, none moves the state. */
  readonly illegal: readonly string[];
  readonly snapshot: AnyMachineSnapshot;
};

/** Which scenario an opening event starts; undefined where the event cannot open a transfer. */
export const scenarioOf = (event: TransferEvent): string | undefined =>
  event.type === 'received' ? 'partnerSends' : event.type === 'created' ? event.data.scenario : undefined;

/** The state before any event. */
export const begin = (id: string, scenario: string): Folded =>
  view(id, scenario, named(scenario).first, -1n, undefined, []);

const named = (scenario: string): Scenario => {
  const found = scenarios[scenario];
  if (found === undefined) throw new Error(`no scenario is named ${scenario}`);
  return found;
};

/** Can the transfer take this event in its present state? */
export const can = (folded: Folded, event: TransferEvent): boolean => folded.snapshot.can(event);

/** The state after one more event. */
export const apply = (folded: Folded, event: TransferEvent, revision: bigint): Folded => {
  if (!can(folded, event)) {
    return { ...folded, revision, illegal: [...folded.illegal, `${event.type} in ${folded.state}`] };
  }
  const snapshot = named(folded.scenario).next(folded.snapshot, event);
  const heldFrom = event.type === 'held' ? folded.state : folded.heldFrom;
  return view(folded.id, folded.scenario, snapshot, revision, heldFrom, folded.illegal);
};

/** Folds a whole stream; undefined where there are no events, or the first cannot open a transfer. */
export const fold = (id: string, events: readonly TransferEvent[]): Folded | undefined => {
  const first = events[0];
  const scenario = first === undefined ? undefined : scenarioOf(first);
  if (scenario === undefined) return undefined;
  return events.reduce((folded, event, index) => apply(folded, event, BigInt(index)), begin(id, scenario));
};

const view = (
  id: string,
  scenario: string,
  snapshot: AnyMachineSnapshot,
  revision: bigint,
  heldFrom: string | undefined,
  illegal: readonly string[],
): Folded => {
  const value = snapshot.value as string | { readonly open: string };
  const state = typeof value === 'string' ? value : value.open;
  return {
    id,
    scenario,
    state,
    heldFrom: state === 'held' ? heldFrom : undefined,
    ended: snapshot.hasTag('ended'),
    transfer: snapshot.context as Transfer,
    revision,
    illegal,
    snapshot,
  };
};
