/** A server of the simulation: lives one after the other over one disk. */
import { type NodePorts, type NodeSettings, type RunningNode, startNode } from '../../actors/node.ts';
import { mailParts } from '../../adapters/mime/index.ts';
import type { Ids, Log } from '../../domain/ports.ts';
import type { Role } from '../../domain/role.ts';
import { countedIds } from '../support/manual-clock.ts';
import { memoryDisk } from '../support/memory-disk.ts';
import { everyMinute, memoryPartners } from '../support/memory-partners.ts';
import { memoryPrograms } from '../support/memory-programs.ts';
import { memorySignatures } from '../support/memory-signatures.ts';
import { configs, passwords, verifiers } from './config.ts';
import { type Outcome, openOutcome, simulatedDelivery } from './delivery.ts';
import { type Disk, emptyDisk, loseWhatIsNotDurable } from './disk.ts';
import { beginLife, clockOf, endLife, type Life } from './life.ts';
import type { Link } from './link.ts';
import { simulatedLog, simulatedModels, simulatedPayloads } from './ports.ts';
import type { World } from './world.ts';

/** A change to a server's ports or settings: how another world, or a bug, is planted. */
export type Plant = {
  readonly ports?: (ports: NodePorts, role: Role, life: Life, disk: Disk) => NodePorts;
  readonly settings?: (role: Role) => Partial<NodeSettings>;
  /** Called when a life crashes. */
  readonly crashed?: (role: Role, disk: Disk) => void;
};

/** What somebody had to be told. */
export type Alarm = { readonly role: Role; readonly message: string; readonly fields: string };

/** A server. */
export type Server = {
  readonly role: Role;
  readonly disk: Disk;
  readonly outcome: Outcome;
  readonly alarms: readonly Alarm[];
  /** The serving node, and the life it lives. */
  readonly serving: () => { readonly node: RunningNode; readonly life: Life } | undefined;
  readonly isUp: () => boolean;
  start(): void;
  crash(): void;
  /** An orderly stop; it starts again by itself. */
  stop(): void;
};

const nodes = { inner: 'inner-1', dmz: 'dmz-1' } as const;

/** A server that has not been started. */
export const openServer = (world: World, link: Link, role: Role, plant: Plant): Server => {
  const disk = emptyDisk();
  const outcome = openOutcome();
  const ids = idsOf(role);
  const alarms: Alarm[] = [];
  let lives = 0;
  let life: Life | undefined;
  let node: RunningNode | undefined;
  let stopping = false;
  let release: () => void = () => undefined;

  const logOf = (own: Life): Log => {
    const line =
      (level: string) =>
      (message: string, fields: object = {}) => {
        if (!own.alive) return;
        if (world.traced) world.say(own.name, `${level}: ${message} ${JSON.stringify(fields)}`);
        if (level === 'alarm') alarms.push({ role, message, fields: JSON.stringify(fields) });
      };
    const quiet = () => undefined;
    const [debug, info] = world.traced ? [line('debug'), line('info')] : [quiet, quiet];
    return { debug, info, warn: line('warn'), error: line('error'), alarm: line('alarm') };
  };

  const portsOf = (own: Life): NodePorts => {
    const payloads = simulatedPayloads(own, disk);
    const room = memoryDisk(2 ** 40);
    release = () => void payloads.close();
    const ports: NodePorts = {
      eventLog: simulatedLog(own, disk),
      models: simulatedModels(own, disk),
      payloads,
      disk: {
        ...room,
        room: () => {
          own.looked = true;
          return room.room();
        },
      },
      messages: link.messages(own, { role, node: nodes[role] }),
      delivery: simulatedDelivery(own, outcome),
      programs: memoryPrograms({}),
      mails: mailParts(),
      partners: memoryPartners(),
      cron: everyMinute,
      verifiers,
      signatures: memorySignatures(nodes[role]),
      clock: clockOf(own, disk.wall),
      ids,
      log: logOf(own),
    };
    return plant.ports?.(ports, role, own, disk) ?? ports;
  };

  const over = (own: Life): void => {
    link.gone(role);
    endLife(own);
    release();
    life = undefined;
    node = undefined;
    stopping = false;
  };

  const crash = (): void => {
    if (life === undefined) return;
    over(life);
    plant.crashed?.(role, disk);
    loseWhatIsNotDurable(disk, world.random);
  };

  const boot = async (own: Life): Promise<void> => {
    const started = await startNode(portsOf(own), {
      config: configs[role],
      passwords,
      status: () => ({ state: 'serving', listeners: [], residentBytes: 0 }),
      ...plant.settings?.(role),
    });
    started.broken.catch((error: unknown) => failed(own, error));
    await started.catchUp();
    await started.serve();
    if (own.alive) node = started;
  };

  // As a service manager does: a server that could not start, or had to stop, is started again.
  const failed = (own: Life, error: unknown): void => {
    if (!own.alive) return;
    world.say(own.name, `had to end: ${String(error)}`);
    crash();
    restartSoon();
  };
  const restartSoon = (): void => {
    world.timer(forever, 1_000 + world.random.int(30_000), `${role} is started again`, start);
  };
  const start = (): void => {
    if (life !== undefined) return;
    lives += 1;
    const own = beginLife(world, `${role}#${lives}`);
    life = own;
    world.say(own.name, 'starts');
    boot(own).catch((error: unknown) => failed(own, error));
  };

  return {
    role,
    disk,
    outcome,
    alarms,
    serving: () => (life === undefined || node === undefined || stopping ? undefined : { node, life }),
    isUp: () => life !== undefined && node !== undefined,
    start,
    crash: () => {
      if (life === undefined) return;
      crash();
      restartSoon();
    },
    stop: () => {
      const [own, its] = [life, node];
      if (own === undefined || its === undefined || stopping) return;
      stopping = true;
      its.stop(10_000).then(
        () => {
          if (!own.alive) return;
          world.say(own.name, 'has stopped');
          over(own);
          restartSoon();
        },
        (error: unknown) => failed(own, error),
      );
    },
  };
};

const forever = { name: 'service manager', alive: true };

/** Counted names that the other server does not use. */
const idsOf = (role: Role): Ids => {
  const counted = countedIds();
  return { ...counted, fresh: () => counted.fresh().replace('0', role === 'inner' ? 'n' : 'd') };
};
