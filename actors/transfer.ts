/** A live transfer: an actor that runs this server's steps one after the other, and ends where none is left to it. */
import { assign, fromPromise, setup } from 'xstate';
import type { Failure } from '../domain/failure.ts';
import type { Role } from '../domain/role.ts';
import type { Folded } from '../domain/transfer/fold.ts';
import { stepOf } from './roles.ts';
import { runStep, type StepNeeds, type StepOutcome } from './step.ts';

/** The step that `role` has to run now, if any. `purge` comes after the end, for the supervisor to say when. */
export const stepFor = (folded: Folded, role: Role): string | undefined => {
  const next = stepOf(folded.scenario, folded.state);
  return next?.owner === role ? next.step : undefined;
};

/** Steps that follow each other at once share a place; others queue apart, so that slow ones hold up only their like. */
export const laneOf = (step: string): string => (step === 'deliver' ? 'prepare' : step);

/** Does a lane's work wait for the servers of partners? */
export const waitsForPartners = (lane: string): boolean => lane === 'send' || lane === 'get' || lane === 'tidy';

type Server = { readonly needs: StepNeeds; readonly role: Role };
type Input = Server & { readonly folded: Folded; readonly first: string | undefined };
type Context = Server & {
  readonly folded: Folded;
  readonly next: string | undefined;
  readonly waitsFor: Failure | undefined;
};

/** The next step, where it belongs to the same lane. */
const following = (folded: Folded, { role, next: before }: Context): string | undefined => {
  const next = stepFor(folded, role);
  return next !== undefined && before !== undefined && laneOf(next) === laneOf(before) ? next : undefined;
};

/** The actor logic of live transfers. */
export const liveTransfer = setup({
  types: { context: {} as Context, input: {} as Input },
  actors: {
    step: fromPromise<StepOutcome, Context>(({ input, signal }) =>
      runStep(input.needs, input.next ?? '', input.folded, signal),
    ),
  },
  guards: {
    hasStep: ({ context }) => context.next !== undefined,
  },
}).createMachine({
  id: 'transfer',
  context: ({ input: { first, ...input } }) => ({ ...input, next: first, waitsFor: undefined }),
  initial: 'choosing',
  states: {
    choosing: { always: [{ guard: 'hasStep', target: 'working' }, { target: 'rested' }] },
    working: {
      invoke: {
        src: 'step',
        input: ({ context }) => context,
        onDone: {
          target: 'choosing',
          actions: assign(({ context, event: { output } }) => ({
            folded: output.folded,
            waitsFor: output.waitsFor,
            next: output.went === 'on' && !output.folded.ended ? following(output.folded, context) : undefined,
          })),
        },
        onError: 'broken',
      },
    },
    rested: { type: 'final' },
    broken: { type: 'final' },
  },
});
