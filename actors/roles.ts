/**
 * THE TABLE: in which state who owns a transfer, by which step it leaves that state, and which event records that.
 * In every state exactly one server may append what moves it; the inbox takes nothing that this table does not allow.
 */
import type { Role } from '../domain/role.ts';
import { isRemark } from '../domain/scenarios/scenario.ts';
import type { Folded } from '../domain/transfer/fold.ts';
import type { EventType } from '../domain/transfer/vocabulary.ts';

/** One way out of a state (or, where the state stays, one record within it). */
export type Row = {
  readonly scenario: string;
  readonly state: string;
  readonly owner: Role;
  readonly step: string;
  readonly event: EventType;
  /** Is the event told to the other server? */
  readonly travels: boolean;
  /** A hand-over: recorded by the receiver as soon as the giver's event arrives, and returned as the answer. */
  readonly onArrival?: true;
};

/** A row of a scenario, the event told to the other server. */
const row = (scenario: string, state: string, owner: Role, step: string, event: EventType): Row => ({
  ...{ scenario, state, owner, step, event },
  travels: true,
});
const local = (...cells: Parameters<typeof row>): Row => ({ ...row(...cells), travels: false });
const handOver = (...cells: Parameters<typeof row>): Row => ({ ...row(...cells), onArrival: true });

/** From the hand-over to inner until the responses are created: alike wherever dmz had the payload from. */
const processing = (scenario: string): readonly Row[] => [
  handOver(scenario, 'received', 'inner', 'forward', 'forwarded'),
  row(scenario, 'forwarded', 'inner', 'fetch', 'fetched'),
  local(scenario, 'fetched', 'inner', 'process', 'matched'),
  local(scenario, 'fetched', 'inner', 'process', 'stepDone'),
  row(scenario, 'fetched', 'inner', 'process', 'processed'),
];

const partnerSends: readonly Row[] = [
  row('partnerSends', 'new', 'dmz', 'receive', 'received'),
  ...processing('partnerSends'),
  row('partnerSends', 'processed', 'dmz', 'acknowledge', 'acknowledged'),
];

const cronGet: readonly Row[] = [
  row('cronGet', 'new', 'inner', 'create', 'created'),
  handOver('cronGet', 'created', 'dmz', 'request', 'requested'),
  row('cronGet', 'requested', 'dmz', 'get', 'received'),
  ...processing('cronGet'),
  row('cronGet', 'processed', 'dmz', 'tidy', 'acknowledged'),
];

const responseSend: readonly Row[] = [
  row('responseSend', 'new', 'inner', 'create', 'created'),
  handOver('responseSend', 'created', 'dmz', 'request', 'requested'),
  row('responseSend', 'requested', 'inner', 'stage', 'staged'),
  local('responseSend', 'staged', 'dmz', 'send', 'placed'),
  row('responseSend', 'staged', 'dmz', 'send', 'sent'),
  row('responseSend', 'sent', 'inner', 'acknowledge', 'acknowledged'),
];

const provide: readonly Row[] = [
  row('provide', 'new', 'inner', 'create', 'created'),
  handOver('provide', 'created', 'dmz', 'request', 'requested'),
  row('provide', 'requested', 'inner', 'stage', 'staged'),
  row('provide', 'staged', 'dmz', 'provide', 'provided'),
  row('provide', 'provided', 'dmz', 'expire', 'pickedUp'),
  row('provide', 'provided', 'dmz', 'expire', 'expired'),
];

const innerSends: readonly Row[] = [
  local('innerSends', 'new', 'inner', 'create', 'created'),
  local('innerSends', 'created', 'inner', 'send', 'placed'),
  local('innerSends', 'created', 'inner', 'send', 'sent'),
];

const innerOnly: readonly Row[] = [
  local('innerOnly', 'new', 'inner', 'create', 'created'),
  local('innerOnly', 'created', 'inner', 'prepare', 'prepared'),
  local('innerOnly', 'prepared', 'inner', 'deliver', 'sent'),
];

/** What inner has already, and processes by itself. */
const processedHere = (scenario: string): readonly Row[] => [
  local(scenario, 'new', 'inner', 'create', 'created'),
  local(scenario, 'created', 'inner', 'process', 'matched'),
  local(scenario, 'created', 'inner', 'process', 'stepDone'),
  local(scenario, 'created', 'inner', 'process', 'processed'),
];

/** Every row of every scenario. */
export const roles: readonly Row[] = [
  ...partnerSends,
  ...cronGet,
  ...responseSend,
  ...provide,
  ...innerSends,
  ...innerOnly,
  ...processedHere('processAgain'),
  ...processedHere('processPart'),
];

/** Events of the owner of any open state, whatever the scenario; the value says whether they travel. */
const anyState: Readonly<Partial<Record<EventType, boolean>>> = {
  stepFailed: false,
  held: true,
  released: true,
  retried: true,
  abandoned: true,
};

/** Does the scenario concern both servers? One that does not keeps all of its events at home. */
const isShared = (scenario: string): boolean => roles.some((row) => row.scenario === scenario && row.travels);

/** The server that records the event leaving this state; undefined once the transfer has ended. */
export const ownerOf = (scenario: string, state: string): Role | undefined =>
  roles.find((row) => row.scenario === scenario && row.state === state)?.owner;

/** The step that leaves this state by itself; undefined where the transfer ended or the step is a hand-over or an opening. */
export const stepOf = (scenario: string, state: string): { readonly owner: Role; readonly step: string } | undefined =>
  roles.find(
    (row) => row.scenario === scenario && row.state === state && row.state !== 'new' && row.onArrival !== true,
  );

/** The hand-over that `role` records when a transfer reaches this state at its door. */
export const handOverOf = (scenario: string, state: string, role: Role): Row | undefined =>
  roles.find((row) => row.scenario === scenario && row.state === state && row.owner === role && row.onArrival === true);

/** Is an event of this type told to the other server? */
export const travels = (scenario: string, type: EventType): boolean =>
  isShared(scenario) &&
  (anyState[type] ?? roles.some((row) => row.scenario === scenario && row.event === type && row.travels));

/** May `role` record this event now? `held` is owned by the owner of the state that it left. */
export const mayRecord = (role: Role, folded: Folded, type: EventType): boolean => {
  const state = folded.state === 'held' ? (folded.heldFrom ?? 'new') : folded.state;
  if (isRemark(type)) return true;
  if (type in anyState) return ownerOf(folded.scenario, state) === role;
  return roles.some(
    (row) => row.scenario === folded.scenario && row.state === folded.state && row.event === type && row.owner === role,
  );
};
