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

type Input = { readonly folded: Folded; readonly first: string | undefined };
type Context = {
  readonly folded: Folded;
  readonly next: string | undefined;
  readonly waitsFor: Failure | undefined;
};

/** The actor logic of live transfers of a server. */
export const liveTransfer = (needs: StepNeeds, role: Role) =>
  setup({
    types: { context: {} as Context, input: {} as Input },
    actors: {
      step: fromPromise<StepOutcome, { readonly folded: Folded; readonly step: string }>(({ input, signal }) =>
        runStep(needs, input.step, input.folded, signal),
      ),
    },
    guards: {
      hasStep: ({ context }) => context.next !== undefined,
    },
  }).createMachine({
    id: 'transfer',
    context: ({ input }) => ({ folded: input.folded, next: input.first, waitsFor: undefined }),
    initial: 'choosing',
    states: {
      choosing: { always: [{ guard: 'hasStep', target: 'working' }, { target: 'rested' }] },
      working: {
        invoke: {
          src: 'step',
          input: ({ context }) => ({ folded: context.folded, step: context.next ?? '' }),
          onDone: {
            target: 'choosing',
            actions: assign(({ event: { output } }) => ({
              folded: output.folded,
              waitsFor: output.waitsFor,
              next: output.went === 'on' && !output.folded.ended ? stepFor(output.folded, role) : undefined,
            })),
          },
          onError: 'broken',
        },
      },
      rested: { type: 'final' },
      broken: { type: 'final' },
    },
  });
