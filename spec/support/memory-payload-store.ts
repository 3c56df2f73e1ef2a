/** A payload store in memory, behind the same contract as the one on disk. */
import { left, right } from 'fp-ts/lib/Either.js';
import { type Attempt, type Failure, permanent, temporary } from '../../domain/failure.ts';
import { payloadKey } from '../../domain/payload.ts';
import type { PayloadStore, PayloadWriter } from '../../domain/ports.ts';
import { memoryWriter } from './memory-payload-writer.ts';

const fail =
  (failure: Failure): Attempt<never> =>
  () =>
    Promise.resolve(left(failure));
const succeed =
  <A>(run: () => A): Attempt<A> =>
  () =>
    Promise.resolve(right(run()));

/** What is on the disk of a store: whole payloads, and what came so far of others. */
export type MemoryDisk = { readonly committed: Map<string, Uint8Array>; readonly partials: Map<string, Uint8Array> };

/** A store over `disk`, empty by default; given that of a closed store it is that store opened again. */
export const memoryPayloadStore = (
  { committed, partials }: MemoryDisk = { committed: new Map(), partials: new Map() },
): PayloadStore => {
  const writers = new Map<string, PayloadWriter>();

  const unless = <A>(key: string, run: () => Attempt<A>): Attempt<A> =>
    payloadKey.safeParse(key).success ? () => run()() : fail(permanent('badKey', `${key} is not a payload key`));
  const found = <A>(key: string, use: (bytes: Uint8Array) => A): Attempt<A> =>
    unless(key, () => {
      const bytes = committed.get(key);
      return bytes === undefined
        ? fail(permanent('notFound', `there is no payload ${key}`))
        : succeed(() => use(bytes));
    });

  return {
    write: (key, { resume = false } = {}) =>
      unless(key, () => {
        if (committed.has(key)) return fail(permanent('exists', `payload ${key} exists already`));
        if (writers.has(key)) return fail(temporary('busy', `payload ${key} is being written already`));
        const start = resume ? partials.get(key) : undefined;
        const writer = memoryWriter(key, start ?? new Uint8Array(), (outcome) => {
          writers.delete(key);
          partials.delete(key);
          if (outcome.kind === 'committed') committed.set(key, outcome.bytes);
          if (outcome.kind === 'kept') partials.set(key, outcome.bytes);
        });
        partials.set(key, start ?? new Uint8Array());
        writers.set(key, writer);
        return succeed(() => writer);
      }),
    read: (key, { from = 0, to = Number.MAX_SAFE_INTEGER } = {}) =>
      found(key, (bytes) => ({
        async *[Symbol.asyncIterator]() {
          await Promise.resolve();
          if (bytes.subarray(from, to).length > 0) yield bytes.slice(from, to);
        },
      })),
    stat: (key) => found(key, (bytes) => ({ key, size: bytes.length, modified: 0 })),
    partial: (key) =>
      unless(key, () => {
        const bytes = partials.get(key);
        return bytes === undefined
          ? fail(permanent('notFound', `there is no unfinished payload ${key}`))
          : succeed(() => bytes.length);
      }),
    reopen: (key) =>
      found(key, (bytes) => {
        committed.delete(key);
        partials.set(key, bytes);
      }),
    remove: (key) =>
      unless(key, () => async () => {
        await writers.get(key)?.abandon();
        partials.delete(key);
        committed.delete(key);
        return right(undefined);
      }),
    list: async function* (node) {
      await Promise.resolve();
      const all = [...committed].map(([key, bytes]) => ({ key, bytes, committed: true }));
      const unfinished = [...partials].map(([key, bytes]) => ({ key, bytes, committed: false }));
      for (const { key, bytes, committed } of [...all, ...unfinished])
        if (key.startsWith(`${node}.`)) yield { key, size: bytes.length, modified: 0, committed };
    },
    close: async () => {
      await Promise.all([...writers.values()].map((writer) => writer.abandon({ keep: true })));
    },
  };
};
