/** One server's actors over its ports: the same for both roles but for the steps that the roles table gives each. */
import { type Either, left } from 'fp-ts/lib/Either.js';
import type { Config, DmzConfig } from '../domain/config.ts';
import type { Status } from '../domain/control.ts';
import type { PassThrough, Services } from '../domain/exchange.ts';
import { refusal } from '../domain/failure.ts';
import type { Messages, PeerHandlers } from '../domain/message.ts';
import type { Alarm } from '../domain/notification.ts';
import type { Outboxes } from '../domain/outbox.ts';
import type { Partners } from '../domain/partner.ts';
import type {
  Clock,
  Cron,
  Delivery,
  Disk,
  EventLog,
  Ids,
  Live,
  Log,
  Mails,
  PayloadSource,
  PayloadStore,
  Programs,
  ReadModels,
  Signatures,
  Verifiers,
} from '../domain/ports.ts';
import { auditProjection } from '../projections/audit.ts';
import { channelsProjection } from '../projections/channels.ts';
import { homeProjection } from '../projections/home.ts';
import { transfersProjection } from '../projections/transfers.ts';
import { witnessProjection } from '../projections/witness.ts';
import { runningAgain } from './again.ts';
import { startAgents } from './agents.ts';
import { raiseAlarms } from './alarms.ts';
import { openArrivals } from './arrivals.ts';
import { controlOf, type RunningControl } from './control.ts';
import { guardedPayloads, watchDisk } from './disk.ts';
import { openDoor } from './doorkeeper.ts';
import { askInner, entering } from './enter.ts';
import { evolvingLog } from './evolving-log.ts';
import { figuresOf } from './figures.ts';
import { heldKeys } from './held-keys.ts';
import { openInbox } from './inbox.ts';
import { type ChannelSettings, firstSettings, innerSettings } from './inner-settings.ts';
import { type IntakeNeeds, openIntake, type RunningIntake } from './intake.ts';
import { listAt } from './list-at.ts';
import { notifying } from './notify.ts';
import { openOutbox } from './outbox.ts';
import { passingThrough } from './pass-through.ts';
import { servePayload } from './payload-server.ts';
import { probing } from './probe.ts';
import { startProjector } from './projector.ts';
import { publishingRoutes } from './publish-routes.ts';
import { rebuilding } from './rebuild.ts';
import { receipts } from './receipt.ts';
import { recordingPurges } from './record-purge.ts';
import { asAnswer } from './refusals.ts';
import { openAtDmz, openAtInner } from './replication.ts';
import { retiring } from './retire.ts';
import { stepOf } from './roles.ts';
import { openRoutes } from './routes.ts';
import { openForLog } from './same-log.ts';
import { type SealLimits, sealLog } from './seal-log.ts';
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
import { takingSegments } from './take-segments.ts';
import { tellSegments } from './tell-segments.ts';
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
  readonly mails: Mails;
  readonly partners: Partners;
  readonly cron: Cron;
  /** How inner asks the services of its routes; absent: it has none. */
  readonly services?: Services;
  /** Where inner's outboxes are; absent: it watches none. */
  readonly outboxes?: Outboxes;
  readonly verifiers: Verifiers;
  readonly signatures: Signatures;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
};

/** What it is to be. `passwords` are by channel name. */
export type NodeSettings = {
  readonly config: Config;
  readonly passwords: ReadonlyMap<string, string>;
  /** On inner: how to come in at the partners of its channels. */
  readonly accessOf?: ChannelSettings['accessOf'] | undefined;
  /** On inner: reads the config again; one sentence says why it cannot be gone on with. */
  readonly reload?: (() => Promise<Either<string, ChannelSettings>>) | undefined;
  /** Gives the passwords for fetching over FTP; absent where there is no such endpoint. */
  readonly ticket?: PeerHandlers['ticket'] | undefined;
  /** What the log tells people to see to. */
  readonly alarms?: Live<Alarm>;
  /** When the log is sealed, where that is not as usual. */
  readonly sealing?: SealLimits;
  readonly status: () => Pick<Status, 'state' | 'listeners' | 'residentBytes'>;
};

/** A server's actors, running. */
export type RunningNode = {
  readonly control: RunningControl;
  /** The door for partners; only dmz has one. */
  readonly intake: RunningIntake | undefined;
  /** How HTTP endpoints pass requests through; only on dmz. */
  readonly passThrough: PassThrough | undefined;
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
const providedFor = 86_400_000;

/** Starts a server's actors; they follow the log from here on. */
export const startNode = async (ports: NodePorts, settings: NodeSettings): Promise<RunningNode> => {
  const { models, messages, delivery, clock, ids, log } = ports;
  const { config } = settings;
  const { role, node, retries } = config;
  const eventLog = evolvingLog(ports.eventLog);
  const held = heldKeys();
  const reading = new Map<string, number>();
  const settling = new Set<string>();
  const stops: ((graceMs: number) => Promise<void> | void)[] = [];

  const projection = transfersProjection({
    role,
    node,
    peer: config.role === 'dmz' ? config.messageService.peers[0]?.node : undefined,
    stepOf,
    laneOf,
    retries,
    keepFor: config.role === 'dmz' ? config.viewFor : config.retention.payloads,
  });
  const views = [projection, auditProjection, ...(role === 'dmz' ? [homeProjection, channelsProjection] : [])];
  const projections = [...views, witnessProjection];
  await openForLog({ eventLog, models, log }, projections);

  const disk = await watchDisk({ disk: ports.disk, settings: config.disk, clock, log });
  stops.push(disk.stop);
  const payloads = guardedPayloads(ports.payloads, disk);
  const streams = openStreams({ log: eventLog, clock, ids, role, node });
  const stopProjector = new AbortController();
  const projector = await startProjector({ eventLog, models, clock, log }, projections, stopProjector.signal);
  stops.push(async () => {
    stopProjector.abort();
    await projector.ended.catch(() => undefined);
  });
  const { batches } = projector;
  const teller =
    role === 'dmz' ? tellSegments({ ...ports, node, maxMessageSize: config.messageService.maxMessageSize }) : undefined;
  const sealing = { ...ports, streams, node, batches, sealed: () => teller?.sealed() };
  stops.push(() => teller?.stop(), sealLog(sealing, settings.sealing).stop);

  const shared = {
    ...ports,
    eventLog,
    payloads,
    streams,
    projection,
    projector,
    role,
    node,
    retries,
    held,
    settling,
    reading,
  };
  const own = innerSettings(firstSettings(config, settings.passwords, settings.accessOf), providedFor);
  const inbox = openInbox({ ...shared, admits: role === 'inner' ? own.admits : () => undefined });
  const arrivals = openArrivals(shared);
  const intake = config.role === 'dmz' ? intakeOf(config, { ...shared, arrivals, guard: disk }) : undefined;
  const routes: Routes = {
    dmz: () => messages.links().find((link) => link.up)?.node ?? config.messageService.peers[0]?.node,
    keeping: own.keeping,
  };
  let stopAgents = (): Promise<void> => Promise.resolve();
  stops.push(() => stopAgents());
  /** Without a dmz its agents wait for one. */
  const goOnWithAgents = (): void => {
    if (role === 'inner' && routes.dmz() !== undefined)
      stopAgents = startAgents({ ...shared, cron: ports.cron, dmz }, own.now().profiles);
  };
  const profilesChanged = async (): Promise<void> => {
    await stopAgents();
    goOnWithAgents();
  };
  const routing = role === 'dmz' ? await openRoutes(shared) : undefined;
  const telling = role === 'inner' ? publishingRoutes({ ...shared, routes: () => own.now().routes }) : undefined;
  const publishRoutes = async () => telling?.publish();
  stops.push(() => telling?.stop());
  const replication =
    role === 'inner'
      ? await openAtInner({
          ...shared,
          ...settings,
          ...config.messageService,
          own,
          profilesChanged,
          publishRoutes,
          node,
        })
      : await openAtDmz({ ...shared, end: (channel) => intake?.end(channel) });
  stops.push(replication.stop);
  const status = () => ({ node, ...settings.status() });
  const ownAccess = role === 'inner' ? (channel: string) => own.now().accessOf(channel) : undefined;
  const dmz = (): string => routes.dmz() ?? '';
  const channels = () => (role === 'inner' ? own.now().channels : undefined);
  const transmissions = { ...shared, channels, dmz };
  const rebuilds = rebuilding(shared);
  stops.push(rebuilds.stop);
  const more = {
    send: transmitting(transmissions),
    probe: probing({ ...shared, accessOf: ownAccess, dmz }),
    trust: trusting({ ...shared, accessOf: ownAccess }),
    ...figuresOf({ ...shared, rebuilds }),
  };
  // What is recorded is signed for, not the form in which it is read.
  const receipt = receipts({ ...shared, eventLog: ports.eventLog });
  const control = controlOf({
    ...shared,
    receipt,
    replication,
    more,
    runAgain: runningAgain({ ...shared, dmz }),
    status,
  });
  const accessOf = ownAccess === undefined ? askInner(messages) : withTrust(eventLog, ownAccess);
  const enter = entering(ports.partners, accessOf);
  const recordPurge = recordingPurges({ ...ports, streams, node });
  const sweeping = { ...shared, directories: own.directories };
  const sweeps = [
    (signal: AbortSignal) => sweepPayloads(sweeping, signal),
    ...(config.role === 'dmz' ? [uploadSweep({ ...shared, arrivals, incomplete: config.incomplete })] : []),
    ...retiring({ ...shared, recordPurge, retention: config.retention }),
  ];
  const steps = {
    fetch: fetchPayload(payloads, disk, ports.source ?? messages.payload, node),
    process: process(() => own.now().profiles, routes, performing({ ...shared, disk }), streams, ids),
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
    channels: replication.handler,
    ticket: (from, key) =>
      settings.ticket === undefined
        ? Promise.resolve(left(refusal('unavailable', 'nothing is fetched here over FTP; set fetch.ftp on dmz')))
        : settings.ticket(from, key),
    command: (from, command) => control.takeOrder(from, command),
    segments: takingSegments({ ...ports, streams }),
    stage: takeStaged({ payloads, streams, disk, node }),
    partner: async (_from, channel) =>
      own.isVisible(channel)
        ? asAnswer(await accessOf(channel)())
        : left(refusal('notPermitted', `channel ${channel} is not shown to dmz`)),
    list: (_from, request) => listAt(enter, log, request),
    routes: routing?.take ?? notHere,
    through:
      ports.services === undefined
        ? notHere
        : passingThrough({ ...shared, services: ports.services, routes: () => own.now().routes }),
  };

  return {
    control,
    intake,
    passThrough: routing?.passThrough,
    broken: projector.ended,
    catchUp: async () => {
      await projector.caughtUp;
      await sweepTemporaries(sweeping);
    },
    serve: async () => {
      // Before the link comes up, so that what was removed is out as soon as it is.
      await replication.start();
      orThrow(await messages.start(handlers)());
      const supervisor = superviseTransfers({ ...shared, steps, most: livePerLane });
      const outbox = openOutbox({ ...shared, inbox, streamingSize: config.streamingSize });
      stops.push(supervisor.stop, outbox.stop, keepSweeping(shared, sweeps), raiseAlarms(projector, log, node));
      goOnWithAgents();
      const { outboxes } = ports;
      if (config.role === 'inner' && outboxes !== undefined)
        stops.push(watchOutboxes({ ...transmissions, outboxes }, config.outboxes));
      if (config.role === 'inner' && config.notifications !== undefined && settings.alarms !== undefined)
        stops.push(notifying({ ...shared, send: more.send, alarms: settings.alarms }, config.notifications));
    },
    stop: async (graceMs) => {
      intake?.end();
      for (const stop of stops.splice(0).reverse()) await stop(graceMs);
    },
  };
};

const notHere = () => Promise.resolve(left(refusal('notPermitted', 'nothing is passed through here')));

const intakeOf = (config: DmzConfig, shared: Omit<IntakeNeeds, 'door'> & NodePorts): RunningIntake => {
  const door = openDoor({ ...shared, projection: channelsProjection, limits: config.limits });
  return openIntake({ ...shared, door });
};
