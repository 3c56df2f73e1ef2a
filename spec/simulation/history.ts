/**
 * What a transfer may have behind it when both servers start: any legal sequence of events, by the table of who records
 * what, cut off anywhere; in both logs, of which one may not have been told the end; with the payloads, and whatever else
 * these events say is there.
 */
import { isLeft } from 'fp-ts/lib/Either.js';
import { handOverOf, roles, travels } from '../../actors/roles.ts';
import { turnOf } from '../../actors/step.ts';
import { openStreams, type Streams } from '../../actors/streams.ts';
import { otherRole, type Role } from '../../domain/role.ts';
import { scenarios } from '../../domain/scenarios/index.ts';
import { apply, begin, type Folded, fold } from '../../domain/transfer/fold.ts';
import type { EventType, Fact, TransferEvent } from '../../domain/transfer/vocabulary.ts';
import { countedIds, manualClock } from '../support/manual-clock.ts';
import { memoryEventLog } from '../support/memory-event-log.ts';
import type { Disk } from './disk.ts';
import { factOf, happens, type Things, transfer } from './happening.ts';

/** One way on: by whom, in which step, what. */
type Way = { readonly role: Role; readonly step: string; readonly type: EventType };

/** A sequence: which way was taken at each turn; how much of what it could know the other server was not told; and whether the next step's work was done, too, but not recorded. */
export type Choices = {
  readonly ways: readonly number[];
  readonly untold: number;
  readonly ahead: boolean;
};

/** What happened: the events of whoever knows all of them. */
export type Past = {
  readonly folded: Folded;
  readonly events: readonly TransferEvent[];
  readonly ahead: EventType | undefined;
};

/** Of the ways on, how often those of the scenario's own path are offered for one of the others. */
const often = 4;
const mostTries = 3;

/** Makes a past in the world that both servers will find. */
export const makePast = async (
  scenario: string,
  choices: Choices,
  disks: Readonly<Record<Role, Disk>>,
  things: Things,
): Promise<Past> => {
  const [clock, ids] = [manualClock(), countedIds()];
  const writer = (role: Role): Streams =>
    openStreams({ log: memoryEventLog(disks[role].events), clock, ids, role, node: `${role}-1` });
  const streams = { inner: writer('inner'), dmz: writer('dmz') };
  const events: TransferEvent[] = [];
  const untold: TransferEvent[] = [];
  let folded = begin(transfer, scenario);
  let knows: Role = 'inner';

  const tell = async (to: Role, told: readonly TransferEvent[]): Promise<void> => {
    if (told.length === 0) return;
    await streams[to].inTurn(transfer, async (turn) => {
      const done = await turn.append(turn.folded ?? begin(transfer, scenario), told);
      if (isLeft(done)) throw new Error(done.left.text);
    });
  };
  const record = async ({ role, step }: Way, fact: Fact): Promise<void> => {
    if (role !== knows) await tell(role, untold.splice(0));
    knows = role;
    const done = await streams[role].record(transfer, turnOf(step, folded), () => ({ _tag: 'Right', right: [fact] }));
    if (isLeft(done) || done.right === undefined) throw new Error(`${fact.type} was not recorded`);
    folded = done.right;
    const all = await streams[role].events(transfer);
    const event = isLeft(all) ? undefined : all.right.at(-1);
    if (event === undefined) throw new Error('there is no event');
    events.push(event);
    if (travels(scenario, fact.type)) untold.push(event);
  };

  for (const choice of choices.ways) {
    const ways = waysOn(folded);
    const way = ways[choice % ways.length];
    if (way === undefined) break;
    const fact = await factOf(way.type, folded, things, clock.now());
    await happens(fact, folded, streams.inner, things);
    await record(way, fact);
    clock.advance(1_000);
  }
  const next = waysOn(folded)[0];
  let ahead: EventType | undefined;
  if (choices.ahead && next !== undefined && next.step !== 'operator' && events.length > 0) {
    ahead = next.type;
    await happens(await factOf(next.type, folded, things, clock.now()), folded, streams.inner, things);
  }
  await tell(otherRole(knows), heard(scenario, folded, events, untold, choices.untold, otherRole(knows)));
  return { folded, events, ahead };
};

/** What the other server has been told of the end: not up to where it would have taken over, which is one append with that. */
const heard = (
  scenario: string,
  folded: Folded,
  events: readonly TransferEvent[],
  untold: readonly TransferEvent[],
  kept: number,
  role: Role,
): readonly TransferEvent[] => {
  if (untold.length === 0) return [];
  const told = untold.slice(0, untold.length - Math.min(kept, untold.length));
  const last = told.at(-1);
  const state = last === undefined ? undefined : stateAt(scenario, events, last);
  return state !== undefined && !folded.ended && handOverOf(scenario, state, role) !== undefined
    ? told.slice(0, -1)
    : told;
};

const stateAt = (scenario: string, events: readonly TransferEvent[], last: TransferEvent): string =>
  events
    .slice(0, events.indexOf(last) + 1)
    .reduce((before, event) => apply(before, event, before.revision + 1n), begin(transfer, scenario)).state;

/** Everything that may be recorded next; the scenario's own path first, and more often. */
export const waysOn = (folded: Folded): readonly Way[] => {
  const { scenario, state, ended, transfer: facts } = folded;
  if (ended) return [];
  const from = state === 'held' ? (folded.heldFrom ?? 'new') : state;
  const rows = roles.filter((row) => row.scenario === scenario && row.state === from);
  const [first] = rows;
  if (first === undefined) return [];
  const by = (...types: readonly EventType[]): readonly Way[] =>
    types.map((type) => ({ role: first.owner, step: 'operator', type }));
  if (state === 'held') return [...times(by('released', 'retried'), often), ...by('abandoned')];
  const own = rows.filter(({ event }) => fits(event, facts));
  if (state === 'new' || first.onArrival === true) return own.map(wayOf);
  const failures =
    facts.attempt < mostTries ? [{ role: first.owner, step: first.step, type: 'stepFailed' as const }] : [];
  return [...times(own.map(wayOf), often), ...failures, ...by('held', 'retried', 'abandoned')];
};

const wayOf = ({ owner, step, event }: (typeof roles)[number]): Way => ({ role: owner, step, type: event });
const times = <A>(list: readonly A[], count: number): readonly A[] => Array.from({ length: count }, () => list).flat();

/** What the steps themselves see to: a profile before its steps, all of them before the end, and a temporary name first. */
const fits = (event: EventType, { profile, stepsDone, placed, prepared }: Folded['transfer']): boolean => {
  switch (event) {
    case 'matched':
      return profile === undefined;
    case 'stepDone':
      return profile !== undefined && stepsDone === 0;
    case 'processed':
      return stepsDone === 1;
    case 'placed':
      return placed === undefined;
    case 'sent':
      return placed !== undefined || prepared !== undefined;
    default:
      return true;
  }
};

/** Every prefix of a past folds to a state of its scenario, without an illegal event. */
export const foldsThroughout = ({ folded, events }: Past): boolean =>
  events.every((_, index) => {
    const prefix = fold(transfer, events.slice(0, index + 1));
    const known = scenarios[folded.scenario];
    return (
      prefix !== undefined &&
      prefix.illegal.length === 0 &&
      known !== undefined &&
      [...Object.keys(known.path), ...known.ends, 'held', 'abandoned'].includes(prefix.state)
    );
  });
