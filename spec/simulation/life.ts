/** One life of a server: from its start to its crash or stop. The calls of the dead reach nothing and are never answered. */
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import type { Clock } from '../../domain/ports.ts';
import type { Actor, World } from './world.ts';

/** A life. */
export type Life = Actor & {
  readonly world: World;
  /** Rejects when it ends: whoever was connected to it notices. */
  readonly died: Promise<never>;
  readonly die: () => void;
  /** It has just looked at its disk, and is about to set a timer for the next look. */
  looked: boolean;
};

/** Begins a life. */
export const beginLife = (world: World, name: string): Life => {
  let die: () => void = () => undefined;
  const died = new Promise<never>((_, reject) => {
    die = () => reject(new Error(`${name} died`));
  });
  died.catch(() => undefined);
  return { name, alive: true, world, died, die, looked: false };
};

/** Ends a life. */
export const endLife = (life: Life): void => {
  if (!life.alive) return;
  life.world.kill(life);
  life.die();
};

/** A call over a port: it happens when the dice say so, and is answered if the caller still lives. */
export const call = <A>(life: Life, what: string, run: () => Promise<A>, unheard: () => void = () => void run()) =>
  new Promise<A>((resolve, reject) => {
    life.world.task(
      life,
      what,
      () => {
        run().then(
          (answer) => {
            if (life.alive) resolve(answer);
          },
          (error: unknown) => {
            if (life.alive) reject(error instanceof Error ? error : new Error(String(error)));
          },
        );
      },
      unheard,
    );
  });

/** A port's attempt, called so. */
export const scheduled =
  <E, A>(life: Life, what: string, attempt: TaskEither<E, A>): TaskEither<E, A> =>
  () =>
    call(life, what, attempt);

/** The clock of a life. `wall` is how far the server's clock is off; timers do not see it. */
export const clockOf = (life: Life, wall: { readonly offset: number }): Clock => ({
  now: () => start + life.world.now() + wall.offset,
  monotonic: () => life.world.now(),
  after: (milliseconds, callback) => {
    const due = milliseconds === 1_000 && life.looked ? farOff : milliseconds;
    life.looked = false;
    return life.world.timer(life, due, `timer of ${milliseconds} ms`, callback);
  },
});

/** The look at the disk each second would be most of what happens; a timer may always be late, and this one is. */
const farOff = 7_200_000;
const start = Date.UTC(2026, 0, 1);
