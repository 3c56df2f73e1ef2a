/** A server's ports in the simulated world: each call happens when the dice say so, and may fail as the real ones do. */
import { left } from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import { type Failure, type LogFailure, temporary } from '../../domain/failure.ts';
import type { EventLog, PayloadStore, PayloadWriter, ReadModels } from '../../domain/ports.ts';
import { memoryEventLog } from '../support/memory-event-log.ts';
import { memoryPayloadStore } from '../support/memory-payload-store.ts';
import { memoryReadModels } from '../support/memory-read-models.ts';
import { type Disk, rememberRows } from './disk.ts';
import { call, type Life, scheduled } from './life.ts';

const noSpace: Failure = temporary('noSpace', 'the disk is full');
const failed = (code: LogFailure['code'], text: string): LogFailure => ({ ...temporary(code, text), code });

/** The event log: an append may fail, or its outcome may stay unknown. */
export const simulatedLog = (life: Life, disk: Disk): EventLog => {
  const log = memoryEventLog(disk.events);
  const { world } = life;
  const { faults } = world;
  return {
    ...log,
    append: (stream, events, options) => {
      const what = world.traced ? `append ${events.map((each) => each.type).join(', ')} to ${stream}` : '';
      const append = log.append(stream, events, options);
      return scheduled(life, what, async () => {
        if (faults.strikes('the log is unavailable', 0.02)) return left(failed('unavailable', 'no log'));
        if (faults.strikes('the append is lost, its outcome unknown', 0.02))
          return left(failed('outcomeUnknown', 'no answer'));
        const done = await append();
        return faults.strikes('the append is stored, its outcome unknown', 0.02)
          ? left(failed('outcomeUnknown', 'no answer'))
          : done;
      });
    },
    readStream: (stream, options) => {
      const read = log.readStream(stream, options);
      return scheduled(life, world.traced ? `read ${stream}` : '', () =>
        faults.strikes('the log is unavailable', 0.005)
          ? Promise.resolve(left(failed('unavailable', 'no log')))
          : read(),
      );
    },
    follow: async function* (after, signal) {
      for await (const item of log.follow(after, signal)) {
        await call(life, 'follow', () => Promise.resolve());
        yield item;
      }
    },
  };
};

/** The read models; what they hold may be lost back to an earlier state. Many reads are answered at once, for speed. */
export const simulatedModels = (life: Life, disk: Disk): ReadModels => {
  const models = memoryReadModels(disk.tables);
  const perhaps = <E, A>(what: string, attempt: TaskEither<E, A>): TaskEither<E, A> =>
    life.alive && life.world.random.chance(0.75) ? attempt : scheduled(life, what, attempt);
  return {
    ...models,
    get: (projection, keys) => perhaps('get rows', models.get(projection, keys)),
    query: (projection, query) => perhaps('query rows', models.query(projection, query)),
    put: (projection, rows, along) => {
      const put = models.put(projection, rows, along);
      const what = life.world.traced ? `put ${rows.size} rows of ${projection.name}` : '';
      const run = () => {
        if (life.world.faults.strikes('the disk is full', 0.003)) return Promise.resolve(left(noSpace));
        rememberRows(disk, new Map([[projection.name, rows], ...(along?.summaries ?? [])]));
        return put();
      };
      return () => call(life, what, run, () => undefined);
    },
  };
};

/** The payload store: the disk may be full at any time, and a writer whose commit failed can only be abandoned. */
export const simulatedPayloads = (life: Life, disk: Disk): PayloadStore => {
  const store = memoryPayloadStore(disk.payloads);
  const { world } = life;
  const unlessFull = <A>(what: string, run: () => Promise<A>, full: () => A, probability = 0.02): Promise<A> =>
    call(life, what, () => (world.faults.strikes('the disk is full', probability) ? Promise.resolve(full()) : run()));
  const writerOf = (key: string, writer: PayloadWriter): PayloadWriter => {
    let spoilt = false;
    return {
      get size() {
        return writer.size;
      },
      write: (offset, bytes) => () =>
        unlessFull(`write ${key} at ${offset}`, writer.write(offset, bytes), () => left(noSpace)),
      commit: (expected) => () =>
        unlessFull(
          `commit ${key}`,
          () => (spoilt ? Promise.resolve(left(noSpace)) : writer.commit(expected)()),
          () => {
            spoilt = true;
            return left(noSpace);
          },
          0.04,
        ),
      abandon: (options) => call(life, `abandon ${key}`, () => writer.abandon(options)),
    };
  };
  return {
    ...store,
    write: (key, options) => async () => {
      const opened = await unlessFull(`open ${key}`, store.write(key, options), () => left(noSpace));
      return opened._tag === 'Left' ? opened : { ...opened, right: writerOf(key, opened.right) };
    },
    read: (key, range) => scheduled(life, `read ${key}`, store.read(key, range)),
    partial: (key) => scheduled(life, `ask for the part of ${key}`, store.partial(key)),
    stat: (key) => scheduled(life, `stat ${key}`, store.stat(key)),
    remove: (key) => scheduled(life, `remove ${key}`, store.remove(key)),
    list: async function* (node) {
      for await (const each of store.list(node)) {
        await call(life, 'list', () => Promise.resolve());
        yield each;
      }
    },
    // The dying process lets go of its files; what was written so far stays.
    close: () => store.close(),
  };
};
