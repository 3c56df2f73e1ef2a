/** One server's actors over its ports: the same for both roles but for the steps that the roles table gives each. */
import { type Either, left } from 'fp-ts/lib/Either.js';
import type { Config, DmzConfig, InnerConfig } from '../domain/config.ts';
import type { Status } from '../domain/control.ts';
import { type Failure, refusal } from '../domain/failure.ts';
import type { Messages, PeerHandlers } from '../domain/message.ts';
import type { Outboxes } from '../domain/outbox.ts';
import type { PartnerAccess, Partners } from '../domain/partner.ts';
import type {
  Clock,
  Cron,
  Delivery,
  Disk,
  EventLog,
  Ids,
  Log,
  PayloadSource,
  PayloadStore,
  Programs,
  ReadModels,
  Verifiers,
} from '../domain/ports.ts';
import { channelsProjection } from '../projections/channels.ts';
import { homeProjection } from '../projections/home.ts';
import { transfersProjection } from '../projections/transfers.ts';
import { startAgents } from './agents.ts';
import { raiseAlarms } from './alarms.ts';
import { openArrivals } from './arrivals.ts';
import { publishChannels, snapshotOf, takeChannels } from './channels.ts';
import { controlOf, type RunningControl } from './control.ts';
import { guardedPayloads, watchDisk } from './disk.ts';
import { openDoor } from './doorkeeper.ts';
import { askInner, entering } from './enter.ts';
import { heldKeys } from './held-keys.ts';
import { type InboxNeeds, openInbox } from './inbox.ts';
import { type IntakeNeeds, openIntake, type RunningIntake } from './intake.ts';
import { listAt } from './list-at.ts';
import { openOutbox } from './outbox.ts';
import { servePayload } from './payload-server.ts';
import { probing } from './probe.ts';
import { startProjector } from './projector.ts';
import { asAnswer } from './refusals.ts';
import { stepOf } from './roles.ts';
import { takeStaged } from './staging.ts';
import { acknowledge } from './steps/acknowledge.ts';
import { deliver } from './steps/deliver.ts';
import { expire } from './steps/expire.ts';
import { fetchPayload } from './steps/fetch.ts';
import { get } from './steps/get.ts';
import { performing } from './steps/perform.ts';
import { prepare } from './steps/prepare.ts';
import { process, type Routes } from './steps/process.ts';
import { provide } from './steps/provide.ts';
import { purge } from './steps/purge.ts';
import { send } from './steps/send.ts';
import { stage } from './steps/stage.ts';
import { tidy } from './steps/tidy.ts';
import { openStreams } from './streams.ts';
import { keepSweeping, sweepPayloads, sweepTemporaries } from './sweep.ts';
import { uploadSweep } from './sweep-uploads.ts';
import { laneOf } from './transfer.ts';
import { superviseTransfers } from './transfers.ts';
import { transmitting } from './transmit.ts';
import { trusting, withTrust } from './trust.ts';
import { orThrow } from './unwrap.ts';
import { watchOutboxes } from './watch-outboxes.ts';

/** The world, as this server is given it. */
export type NodePorts = {
  readonly eventLog: EventLog;
  readonly models: ReadModels;
  readonly payloads: PayloadStore;
  readonly disk: Disk;
  readonly messages: Messages;
  /** Where inner fetches the payloads of dmz; absent: over the message service. */
  readonly source?: PayloadSource;
  readonly delivery: Delivery;
  readonly programs: Programs;
  readonly partners: Partners;
  readonly cron: Cron;
  /** Where inner's outboxes are; absent: it watches none. */
  readonly outboxes?: Outboxes;
  readonly verifiers: Verifiers;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
};

/** What it is to be. `passwords` are by channel name. */
export type NodeSettings = {
  readonly config: Config;
  readonly passwords: ReadonlyMap<string, string>;
  /** On inner: how to come in at the partners of its channels. */
  readonly accessOf?: ((channel: string) => Either<Failure, PartnerAccess>) | undefined;
  /** Gives the passwords for fetching over FTP; absent where there is no such endpoint. */
  readonly ticket?: PeerHandlers['ticket'] | undefined;
  readonly status: () => Pick<Status, 'state' | 'listeners' | 'residentBytes'>;
};

/** A server's actors, running. */
export type RunningNode = {
  readonly control: RunningControl;
  /** The door for partners; only dmz has one. */
  readonly intake: RunningIntake | undefined;
  /** Brings the read models to the end of the log and sweeps unfinished deliveries. */
  catchUp(): Promise<void>;
  /** Links up and goes to work. */
  serve(): Promise<void>;
  /** Lets running steps end within `graceMs`, then stops everything. The ports stay open. */
  stop(graceMs: number): Promise<void>;
  /** Rejects when a defect makes it impossible to go on. */
  readonly broken: Promise<void>;
};

const livePerLane = 16;
const innerKeepsPayloadsFor = 86_400_000;

/** Starts a server's actors; they follow the log from here on. */
export const startNode = async (ports: NodePorts, settings: NodeSettings): Promise<RunningNode> => {
  const { eventLog, models, messages, delivery, programs, clock, ids, log } = ports;
  const { config } = settings;
  const { role, node, retries } = config;
  const held = heldKeys();
  const reading = new Map<string, number>();
  const settling = new Set<string>();
  const stops: ((graceMs: number) => Promise<void> | void)[] = [];

  const disk = await watchDisk({ disk: ports.disk, settings: config.disk, clock, log });
  stops.push(disk.stop);
  const payloads = guardedPayloads(ports.payloads, disk);
  const streams = openStreams({ log: eventLog, clock, ids, role, node });
  const projection = transfersProjection({
    role,
    node,
    peer: config.role === 'dmz' ? config.messageService.peers[0]?.node : undefined,
    stepOf,
    laneOf,
    retries,
    keepFor: config.role === 'dmz' ? config.viewFor : innerKeepsPayloadsFor,
  });
  const stopProjector = new AbortController();
  const projections = role === 'dmz' ? [projection, homeProjection, channelsProjection] : [projection];
  const projector = await startProjector({ eventLog, models, clock, log }, projections, stopProjector.signal);
  stops.push(async () => {
    stopProjector.abort();
    await projector.ended.catch(() => undefined);
  });

  const shared = { ...ports, payloads, streams, projection, projector, role, node, retries, held, settling, reading };
  const inbox = openInbox({ ...shared, admits: config.role === 'inner' ? admitsOf(config) : () => undefined });
  const arrivals = openArrivals(shared);
  const intake = config.role === 'dmz' ? intakeOf(config, { ...shared, arrivals, guard: disk }) : undefined;
  const channels = async (): Promise<number> =>
    config.role === 'inner' ? config.channels.length : orThrow(await models.count(channelsProjection)());
  const directories = config.role === 'inner' ? deliveryDirectories(config) : [];
  const profiles = config.role === 'inner' ? config.profiles : [];
  const accessOf = settings.accessOf === undefined ? askInner(messages) : withTrust(eventLog, settings.accessOf);
  const enter = entering(ports.partners, accessOf);
  const routes = routesOf(config, messages);
  const transmissions = { ...shared, config, dmz: routes.dmz };
  const control = controlOf({
    ...shared,
    channels,
    more: {
      send: transmitting(transmissions),
      probe: probing({ ...shared, accessOf: settings.accessOf, dmz: routes.dmz }),
      trust: trusting({ ...shared, accessOf: settings.accessOf }),
    },
    status: () => ({ node, ...settings.status() }),
  });
  const sweeping = { ...shared, directories };
  const sweeps = [
    (signal: AbortSignal) => sweepPayloads(sweeping, signal),
    ...(config.role === 'dmz' ? [uploadSweep({ ...shared, arrivals, incomplete: config.incomplete })] : []),
  ];
  const steps = {
    fetch: fetchPayload(payloads, disk, ports.source ?? messages.payload, node),
    process: process(profiles, routes, performing({ payloads, programs, disk, node }), streams, ids),
    prepare: prepare(delivery, payloads),
    deliver: deliver(delivery),
    acknowledge,
    stage: stage(messages, payloads),
    send: send(enter, payloads, node),
    get: get(enter, payloads, disk, node),
    tidy: tidy(enter, log),
    provide: provide({ ...shared, reading }),
    expire,
    purge: purge(payloads, streams, node),
  };
  const handlers: PeerHandlers = {
    events: (from, parcels) => inbox.take(from, parcels),
    payload: (_from, key, start) => servePayload(payloads, key, start),
    channels: async (_from, snapshot) =>
      intake === undefined
        ? left(refusal('notPermitted', 'inner takes no channels'))
        : takeChannels({ ...shared, projection: channelsProjection, end: intake.end }, snapshot),
    ticket: (from, key) =>
      settings.ticket === undefined
        ? Promise.resolve(left(refusal('unavailable', 'nothing is fetched here over FTP; set fetch.ftp on dmz')))
        : settings.ticket(from, key),
    command: (from, command) => control.takeOrder(from, command),
    stage: takeStaged({ payloads, streams, disk, node }),
    partner: async (_from, channel) =>
      isVisible(config, channel)
        ? asAnswer(await accessOf(channel)())
        : left(refusal('notPermitted', `channel ${channel} is not shown to dmz`)),
    list: (_from, request) => listAt(enter, log, request),
  };

  return {
    control,
    intake,
    broken: projector.ended,
    catchUp: async () => {
      await projector.caughtUp;
      await sweepTemporaries(sweeping);
    },
    serve: async () => {
      orThrow(await messages.start(handlers)());
      const supervisor = superviseTransfers({ ...shared, steps, most: livePerLane });
      const outbox = openOutbox({ ...shared, inbox, streamingSize: config.streamingSize });
      stops.push(supervisor.stop, outbox.stop, keepSweeping(shared, sweeps), raiseAlarms(projector, log, node));
      if (config.role === 'inner') {
        const { channels } = config;
        const snapshot = await snapshotOf({ ...shared, channels, passwords: settings.passwords });
        stops.push(publishChannels(messages, snapshot, clock, log));
        stops.push(startAgents({ ...shared, cron: ports.cron, dmz: routes.dmz }, config.profiles));
        const { outboxes } = ports;
        if (outboxes !== undefined) stops.push(watchOutboxes({ ...transmissions, outboxes }, config.outboxes));
      }
    },
    stop: async (graceMs) => {
      intake?.end();
      for (const stop of stops.splice(0).reverse()) await stop(graceMs);
    },
  };
};

const intakeOf = (config: DmzConfig, shared: Omit<IntakeNeeds, 'door'> & NodePorts): RunningIntake => {
  const door = openDoor({ ...shared, projection: channelsProjection, limits: config.limits });
  return openIntake({ ...shared, door });
};

const deliveryDirectories = (config: InnerConfig): readonly string[] => [
  ...new Set(
    config.profiles.flatMap(({ responses }) =>
      responses.flatMap((response) => (response.kind === 'file' ? [response.directory] : [])),
    ),
  ),
];

const isVisible = (config: Config, channel: string): boolean =>
  config.role === 'inner' && config.channels.some((each) => each.name === channel && !each.invisibleToDmz);

/** A dmz whose link is up, else the first; and what channels say of provided files. */
const routesOf = (config: Config, messages: Messages): Routes => {
  const keeping = new Map(config.role === 'inner' ? config.channels.map((each) => [each.name, each.provided]) : []);
  return {
    dmz: () => messages.links().find((link) => link.up)?.node ?? config.messageService.peers[0]?.node ?? '',
    keeping: (channel) => keeping.get(channel) ?? { keepFor: innerKeepsPayloadsFor, afterPickUp: 'keep' },
  };
};

/** What a dmz may open at this inner: data of channels that are shown to it, in payloads of its own. */
const admitsOf = (config: InnerConfig): InboxNeeds['admits'] => {
  const visible = new Set(config.channels.filter((each) => !each.invisibleToDmz).map((each) => each.name));
  return (from, event) => {
    if (event.type !== 'received') return undefined;
    if (!visible.has(event.data.channel)) return `there is no channel ${event.data.channel} for ${from.node}`;
    return event.data.payload.key.startsWith(`${from.node}.`) ? undefined : 'its payload is not its own';
  };
};
