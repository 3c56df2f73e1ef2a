/** The directory where results are delivered, and whoever takes them away from there. */
import { left } from 'fp-ts/lib/Either.js';
import { type Attempt, temporary } from '../../domain/failure.ts';
import type { Delivery } from '../../domain/ports.ts';
import { memoryDelivery } from '../support/memory-delivery.ts';
import { outDirectory } from './config.ts';
import { type Life, scheduled } from './life.ts';
import type { Random } from './random.ts';

/** The delivery directory with its reader. */
export type Outcome = {
  readonly files: ReturnType<typeof memoryDelivery>;
  /** Takes one delivered file away, if there is any. */
  take(random: Random): void;
  /** The contents of all files that were ever to be seen under a final name. */
  delivered(): readonly string[];
  temporaries(): readonly string[];
};

/** An empty directory. */
export const openOutcome = (): Outcome => {
  const files = memoryDelivery();
  const taken: string[] = [];
  const text = (name: string): string => Buffer.from(files.content(outDirectory, name) ?? []).toString();
  const isTemporary = (name: string): boolean => name.startsWith('.');
  const finals = (): readonly string[] => files.names(outDirectory).filter((name) => !isTemporary(name));
  return {
    files,
    take: (random) => {
      const names = finals();
      if (names.length === 0) return;
      const name = random.pick(names);
      taken.push(text(name));
      void files.unlink(outDirectory, name)();
    },
    delivered: () => [...taken, ...finals().map(text)],
    temporaries: () => files.names(outDirectory).filter(isTemporary),
  };
};

const failure = temporary('unavailable', 'the file system does not answer');

/** The delivery port of a life. A call may fail before or after it was done; a crash may leave half a temporary. */
export const simulatedDelivery = (life: Life, { files }: Outcome): Delivery => {
  const { faults } = life.world;
  const unsure = (what: string, attempt: Attempt<void>): Attempt<void> =>
    scheduled(life, what, async () => {
      if (faults.strikes('delivery fails', 0.03)) return left(failure);
      const done = await attempt();
      return faults.strikes('delivery works, but says that it failed', 0.03) ? left(failure) : done;
    });
  return {
    prepare: (directory, name, bytes) => () =>
      new Promise((resolve, reject) => {
        const half = () => void files.prepare(directory, name, firstByte(bytes))();
        const { world } = life;
        world.task(
          life,
          `prepare ${name}`,
          () => {
            if (faults.strikes('delivery fails', 0.03)) {
              resolve(left(failure));
              return;
            }
            files
              .prepare(directory, name, bytes)()
              .then((done) => {
                if (life.alive) resolve(done);
              }, reject);
          },
          half,
        );
      }),
    look: (directory, name) => scheduled(life, `look at ${name}`, files.look(directory, name)),
    link: (directory, from, to) => unsure(`link ${from} as ${to}`, files.link(directory, from, to)),
    unlink: (directory, name) => unsure(`unlink ${name}`, files.unlink(directory, name)),
    temporaries: (directory) => scheduled(life, 'list temporaries', files.temporaries(directory)),
  };
};

async function* firstByte(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    yield chunk.subarray(0, 1);
    return;
  }
}
