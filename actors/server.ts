/** A server's life: starting → catching up → serving → draining → stopped. Each phase is a piece of work; a failure in any ends it. */
import { assign, fromPromise, setup } from 'xstate';

/** The work of the phases. `fatal` rejects when something happens after which this process must not go on. */
export type ServerPhases = {
  /** Opens the log, the stores and the message service. */
  readonly start: () => Promise<void>;
  /** Brings the read models to the end of the log and sweeps what a crash left behind. */
  readonly catchUp: () => Promise<void>;
  /** Opens the doors. */
  readonly serve: () => Promise<void>;
  /** Closes the doors, lets running work end, closes everything. Also called when an earlier phase failed. */
  readonly drain: () => Promise<void>;
  readonly fatal: Promise<never>;
};

/** The logic of a server's actor. Send `stop` to end it; its output is the reason, or null for an orderly stop. */
export const serverLogic = (phases: ServerPhases) =>
  setup({
    types: {
      context: {} as { readonly reason: string | null; readonly stopping: boolean },
      events: {} as { type: 'stop' },
      output: {} as { readonly reason: string | null },
    },
    actors: {
      start: fromPromise(phases.start),
      catchUp: fromPromise(() => Promise.race([phases.catchUp(), phases.fatal])),
      serve: fromPromise(() => Promise.race([phases.serve(), phases.fatal])),
      run: fromPromise(() => phases.fatal),
      drain: fromPromise(phases.drain),
    },
    actions: {
      blame: assign(({ event }) => ({ reason: text((event as unknown as { error: unknown }).error) })),
    },
  }).createMachine({
    id: 'server',
    context: { reason: null, stopping: false },
    output: ({ context }) => ({ reason: context.reason }),
    initial: 'starting',
    // A stop that comes while a phase works is heeded when the phase is through: half-open parts cannot be closed.
    on: { stop: { actions: assign({ stopping: true }) } },
    states: {
      starting: { invoke: { src: 'start', ...then('catchingUp') } },
      catchingUp: { invoke: { src: 'catchUp', ...then('opening') } },
      opening: { invoke: { src: 'serve', ...then('serving') } },
      serving: {
        on: { stop: 'draining' },
        invoke: { src: 'run', onError: { target: 'draining', actions: 'blame' } },
      },
      draining: { invoke: { src: 'drain', onDone: 'stopped', onError: { target: 'stopped', actions: 'blame' } } },
      stopped: { type: 'final' },
    },
  });

type Stopping = { readonly context: { readonly stopping: boolean } };
const then = <T extends string>(target: T) => ({
  onDone: [{ guard: ({ context }: Stopping) => context.stopping, target: 'draining' as const }, { target }],
  onError: { target: 'draining' as const, actions: 'blame' as const },
});

const text = (error: unknown): string => (error instanceof Error ? error.message : String(error));
