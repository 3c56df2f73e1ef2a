/** Bugs, planted into the ports of a server: each is one that somebody could write, and that the simulation must find. */
import { isLeft, right } from 'fp-ts/lib/Either.js';
import { positionOf } from '../../adapters/eventlog/packing.ts';
import type { ParcelAnswer } from '../../domain/message.ts';
import type { FileFacts } from '../../domain/ports.ts';
import type { Disk } from './disk.ts';
import type { Plant } from './server.ts';

/** How far each log had been written out: what came later is gone after a crash. */
const unsynced = () => {
  const synced = new WeakMap<Disk, number>();
  return {
    sync: (disk: Disk) => synced.set(disk, disk.events.length),
    lose: (disk: Disk) => {
      disk.events.length = Math.min(disk.events.length, synced.get(disk) ?? 0);
    },
  };
};

/** A log that answers an append before it is on disk: dmz says OK too early. */
export const answersBeforeItRecords = (): Plant => {
  const log = unsynced();
  return {
    ports: (ports, role, life, disk) =>
      role === 'inner'
        ? ports
        : {
            ...ports,
            eventLog: {
              ...ports.eventLog,
              append: (stream, events, options) => {
                const append = ports.eventLog.append(stream, events, options);
                return async () => {
                  const done = await append();
                  life.world.timer(life, 50, 'the log is synced', () => log.sync(disk));
                  return done;
                };
              },
            },
          },
    crashed: (role, disk) => {
      if (role === 'dmz') log.lose(disk);
    },
  };
};

/** An inbox that answers `stored` before it has taken anything. */
export const answersBeforeItStores = (): Plant => ({
  ports: (ports, role) =>
    role === 'dmz'
      ? ports
      : {
          ...ports,
          messages: {
            ...ports.messages,
            start: (handlers) =>
              ports.messages.start({
                ...handlers,
                events: (from, parcels) => {
                  void handlers.events(from, parcels);
                  return Promise.resolve(parcels.map((): ParcelAnswer => ({ result: 'stored', events: [] })));
                },
              }),
          },
        },
});

/** An outbox that takes its events as told although no answer came. */
export const takesSilenceForAnAnswer = (): Plant => ({
  ports: (ports) => ({
    ...ports,
    messages: {
      ...ports.messages,
      events: (to, parcels) => async () => {
        const answered = await ports.messages.events(to, parcels)();
        return isLeft(answered) ? right(parcels.map((): ParcelAnswer => ({ result: 'stored', events: [] }))) : answered;
      },
    },
  }),
});

/** A delivery step that does not look for what an earlier try did: each temporary seems untouched. */
export const deliversWithoutLooking = (): Plant => {
  const prepared = new Map<string, FileFacts>();
  return {
    ports: (ports) => ({
      ...ports,
      delivery: {
        ...ports.delivery,
        prepare: (directory, name, bytes) => async () => {
          const facts = await ports.delivery.prepare(directory, name, bytes)();
          if (!isLeft(facts)) prepared.set(name, facts.right);
          return facts;
        },
        look: (directory, name) => async () => {
          const there = await ports.delivery.look(directory, name)();
          return isLeft(there) || there.right === undefined ? there : right(prepared.get(name) ?? there.right);
        },
      },
    }),
  };
};

/** A delivery that overwrites a name that is taken. */
export const overwrites = (): Plant => ({
  ports: (ports) => ({
    ...ports,
    delivery: {
      ...ports.delivery,
      link: (directory, from, to) => async () => {
        await ports.delivery.unlink(directory, to)();
        return ports.delivery.link(directory, from, to)();
      },
    },
  }),
});

/** A payload store whose commit does not sync: a crash takes what was committed a moment ago. */
export const commitsWithoutSync = (): Plant => {
  const unsynced = new Map<string, Disk>();
  return {
    ports: (ports, _role, life, disk) => ({
      ...ports,
      payloads: {
        ...ports.payloads,
        write: (key, options) => async () => {
          unsynced.set(key, disk);
          life.world.timer(life, 1_000, 'the payload is synced', () => unsynced.delete(key));
          return ports.payloads.write(key, options)();
        },
      },
    }),
    crashed: (_role, disk) => {
      for (const [key, its] of unsynced) if (its === disk) disk.payloads.committed.delete(key);
    },
  };
};

/** A read model that keeps its checkpoint, but loses the rows that came with it. */
export const losesRows = (): Plant => ({
  crashed: (_role, disk) => {
    disk.undo.length = 0;
    disk.tables.get('transfers')?.rows.clear();
  },
});

/** A server that takes up only what is recorded after its first start. */
export const beginsAtTheEnd = (): Plant => ({
  ports: (ports, _role, _life, disk) => {
    const head = positionOf(disk.events.length);
    return {
      ...ports,
      eventLog: { ...ports.eventLog, follow: (after, signal) => ports.eventLog.follow(after ?? head, signal) },
    };
  },
});

/** A read model that forgets what it owes the other server. */
export const forgetsWhatItOwes = (): Plant => ({
  ports: (ports) => ({
    ...ports,
    models: {
      ...ports.models,
      put: (projection, rows, checkpoint) => {
        const changed = [...rows].map(([key, row]) => [key, row && 'tellAt' in row ? { ...row, tellAt: null } : row]);
        return ports.models.put(projection, new Map(changed as [string, never][]), checkpoint);
      },
    },
  }),
});

/** A step that does not see what stands at the partner. */
export const seesNothingAtThePartner = (): Plant => ({
  ports: (ports) => ({
    ...ports,
    partners: {
      connect: (access) => async () => {
        const session = await ports.partners.connect(access)();
        const look = () => () => Promise.resolve(right(undefined));
        return isLeft(session) ? session : right({ ...session.right, look });
      },
    },
  }),
});
