/**
 * Builds a scenario's machine from its path. What every scenario shares is here once: failures are counted
 * in place, `held` remembers the state that it left, and a person may end whatever is open.
 */
import {
  type AnyMachineSnapshot,
  type AnyStateMachine,
  assign,
  createActor,
  createMachine,
  initialTransition,
} from 'xstate';
import { evolve, unborn } from '../transfer/transfer.ts';
import type { EventType, TransferEvent } from '../transfer/vocabulary.ts';

/** From a state, by an event, to a state. Every path starts in `new`. */
export type Path = Readonly<Record<string, Readonly<Partial<Record<EventType, string>>>>>;

/** A scenario: its wire name, one sentence for people, its path, the states in which nothing is owed, its machine. */
export type Scenario = {
  readonly id: string;
  readonly title: string;
  readonly path: Path;
  readonly ends: readonly string[];
  readonly machine: AnyStateMachine;
  /** The snapshot before any event. */
  readonly first: AnyMachineSnapshot;
  /** The snapshot after an event; pure. */
  readonly next: (snapshot: AnyMachineSnapshot, event: TransferEvent) => AnyMachineSnapshot;
};

/** Makes a scenario. Its ends still take `purged` and `viewChanged`, so they are tagged, not final in XState's sense. */
export const scenario = (id: string, title: string, path: Path, ends: readonly string[]): Scenario => {
  const machine: AnyStateMachine = createMachine(config(id, path, ends) as never);
  const [first] = initialTransition(machine);
  const scope = inertScope(machine);
  return {
    ...{ id, title, path, ends, machine, first: first as AnyMachineSnapshot },
    next: (snapshot, event) => machine.transition(snapshot, event, scope) as AnyMachineSnapshot,
  };
};

/** What XState's own `transition` makes anew for each event, an actor that never starts: one serves them all. */
const inertScope = (machine: AnyStateMachine): Parameters<AnyStateMachine['transition']>[2] => {
  const self = createActor(machine);
  const nothing = () => undefined;
  return {
    ...{ self, system: self.system, id: '', sessionId: '', logger: nothing, defer: nothing },
    ...{ emit: nothing, stopChild: nothing, actionExecutor: nothing },
  };
};

/**
 * The state after an event, without the machine: for projections, which fold millions. Undefined where the event is
 * illegal. `from` is the state that a held transfer left. Proven equal to the machine in spec/domain/scenarios.
 */
export const stateAfter = (
  { path, ends }: Scenario,
  state: string,
  from: string | undefined,
  event: EventType,
): string | undefined => {
  if (isRemark(event)) return state;
  if (ends.includes(state) || state === 'abandoned') return undefined;
  if (event === 'abandoned') return 'abandoned';
  if (state === 'held') return event === 'released' || event === 'retried' ? from : undefined;
  if (event === 'held') return 'held';
  if (event === 'stepFailed' || event === 'retried') return state;
  return path[state]?.[event];
};

/** Events about a transfer that move nothing, before or after its end: its payload, its view, its partner, its mail. */
export const isRemark = (event: EventType): boolean => remarks.some((each) => each === event);

const remarks = ['purged', 'viewChanged', 'confirmed', 'repeated', 'reported'] as const;

const remember = assign(({ context, event }) => evolve(context as never, event as never) as never);
const stay = { actions: remember };
const to = (target: string) => ({ target, reenter: true, actions: remember });
const mapValues = <A, B>(record: Readonly<Record<string, A>>, f: (value: A) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, f(value)]));

const config = (id: string, path: Path, ends: readonly string[]) => ({
  id,
  context: unborn,
  initial: 'open',
  on: Object.fromEntries(remarks.map((each) => [each, stay])),
  states: {
    open: {
      initial: 'new',
      on: { stepFailed: stay, retried: stay, held: to('held'), abandoned: to('abandoned') },
      states: {
        ...mapValues(path, (edges) => ({
          on: mapValues(edges as Record<string, string>, (state) =>
            to(ends.includes(state) ? `#${id}.${state}` : state),
          ),
        })),
        last: { type: 'history' },
      },
    },
    held: { on: { released: to('open.last'), retried: to('open.last'), abandoned: to('abandoned') } },
    abandoned: { tags: ['ended'] },
    ...Object.fromEntries(ends.map((end) => [end, { tags: ['ended'] }])),
  },
});
