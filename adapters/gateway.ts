/** THE COMPOSITION ROOT: config → ports → running server. The only module that sees everything. */
import { join } from 'node:path';
import { type Either, left, right } from 'fp-ts/lib/Either.js';
import { createActor, toPromise } from 'xstate';
import { publishChannels, snapshotOf, takeChannels } from '../actors/channels.ts';
import { controlOf, type RunningControl } from '../actors/control.ts';
import { openDoor } from '../actors/doorkeeper.ts';
import { openInbox } from '../actors/inbox.ts';
import { openIntake, type RunningIntake } from '../actors/intake.ts';
import { type Listeners, openListeners } from '../actors/listeners.ts';
import { openOutbox } from '../actors/outbox.ts';
import { startProjector } from '../actors/projector.ts';
import { stepOf } from '../actors/roles.ts';
import { serverLogic } from '../actors/server.ts';
import type { Steps } from '../actors/step.ts';
import { acknowledge } from '../actors/steps/acknowledge.ts';
import { deliver } from '../actors/steps/deliver.ts';
import { fetchPayload } from '../actors/steps/fetch.ts';
import { prepare } from '../actors/steps/prepare.ts';
import { process as processing } from '../actors/steps/process.ts';
import { purge } from '../actors/steps/purge.ts';
import { openStreams } from '../actors/streams.ts';
import { sweepHourly, sweepPayloads, sweepTemporaries } from '../actors/sweep.ts';
import { superviseTransfers } from '../actors/transfers.ts';
import type { DmzConfig, InnerConfig } from '../domain/config.ts';
import type { Control } from '../domain/control.ts';
import { refusal } from '../domain/failure.ts';
import type { PeerHandlers } from '../domain/message.ts';
import type { Clock, Ids, Log } from '../domain/ports.ts';
import { defaultRetries } from '../domain/transfer/decide.ts';
import { channelsProjection } from '../projections/channels.ts';
import { homeProjection } from '../projections/home.ts';
import { transfersProjection } from '../projections/transfers.ts';
import { serveControl } from './control/server.ts';
import { directoryDelivery } from './delivery/directory.ts';
import { embeddedEventLog } from './eventlog/embedded.ts';
import { messageService } from './messages/index.ts';
import { diskPayloads } from './payloads/disk.ts';
import { protocols } from './protocols.ts';
import { sqliteReadModels } from './readmodels/sqlite.ts';
import { systemClock } from './shared/clock.ts';
import { systemIds } from './shared/ids.ts';
import type { LoadedConfig } from './shared/loaded-config.ts';
import { lockDirectory } from './shared/lock.ts';
import { argon2Verifiers } from './verifiers/argon2.ts';

/** A running server. `closed` answers the exit code: 0 after an orderly stop. */
export type Gateway = { readonly control: Control; readonly closed: Promise<number>; stop(): Promise<void> };

/** What tests may put in place of the real thing. */
export type Overrides = { readonly clock?: Clock; readonly ids?: Ids };

const graceMs = 10_000;
const liveTransfers = 32;
const innerKeepsPayloadsFor = 86_400_000;

/** Starts a server; answers once it serves, or one sentence why it does not. */
export const startGateway = async (
  loaded: LoadedConfig,
  log: Log,
  overrides: Overrides = {},
): Promise<Either<string, Gateway>> => {
  const assembled = assemble(loaded, log, overrides);
  const actor = createActor(serverLogic(assembled.phases));
  const ended = toPromise(actor);
  ended.catch(() => undefined);
  actor.start();
  const serving = new Promise<boolean>((resolve) => {
    actor.subscribe((snapshot) => {
      assembled.enter(String(snapshot.value));
      if (snapshot.value === 'serving') resolve(true);
      if (snapshot.status !== 'active') resolve(false);
    });
  });
  if (!(await serving)) return left((await ended).reason ?? 'the server was stopped while it started');
  const closed = ended.then(({ reason }) => {
    if (reason !== null) log.error('the server had to stop', { reason });
    return reason === null ? 0 : 1;
  });
  return right({
    control: assembled.control(),
    closed,
    stop: async () => {
      actor.send({ type: 'stop' });
      await ended;
    },
  });
};

/** A server's parts, and the phases of its life over them. What was opened last is closed first. */
const assemble = ({ config, secrets, tls }: LoadedConfig, log: Log, overrides: Overrides) => {
  const clock = overrides.clock ?? systemClock();
  const ids = overrides.ids ?? systemIds();
  const { role, node, data, messageService: link } = config;
  const closers: (() => Promise<void> | void)[] = [];
  const open = new Set<string>();
  let phase = 'starting';
  let control: RunningControl | undefined;
  let die: (error: Error) => void = () => undefined;
  const fatal = new Promise<never>((_, reject) => {
    die = reject;
  });
  fatal.catch(() => undefined);
  let core: Awaited<ReturnType<typeof start>> | undefined;
  const opened = <A>(part: A | undefined): A => {
    if (part === undefined) throw new Error('the server has not been started');
    return part;
  };

  const start = async () => {
    closers.push(await lockDirectory(data));
    const eventLog = await embeddedEventLog({ directory: data, onFatal: die });
    closers.push(() => eventLog.close());
    const models = await sqliteReadModels({ directory: data });
    closers.push(() => models.close());
    const payloads = await diskPayloads({ directory: data, onFatal: die });
    closers.push(() => payloads.close());
    const messages = messageService({ role, node, ...link, ...tls, log, clock });
    closers.push(() => messages.close());
    const streams = openStreams({ log: eventLog, clock, ids, role, node });
    const projection = transfersProjection({
      role,
      node,
      peer: role === 'dmz' ? link.peers[0]?.node : undefined,
      stepOf,
      retries: defaultRetries,
      keepFor: config.role === 'dmz' ? config.viewFor : innerKeepsPayloadsFor,
    });
    const stopProjector = new AbortController();
    const projections = role === 'dmz' ? [projection, homeProjection, channelsProjection] : [projection];
    const projector = await startProjector(eventLog, models, projections, stopProjector.signal);
    projector.ended.catch((error: unknown) => die(error instanceof Error ? error : new Error(String(error))));
    closers.push(async () => {
      stopProjector.abort();
      await projector.ended.catch(() => undefined);
    });
    return { eventLog, models, payloads, messages, streams, projection, projector, delivery: directoryDelivery() };
  };

  const sweeping = () => {
    const { eventLog, payloads, streams, delivery } = opened(core);
    const directories = config.role === 'inner' ? deliveryDirectories(config) : [];
    return { log: eventLog, payloads, streams, delivery, clock, lines: log, node, open, directories };
  };

  const catchUp = async () => {
    await opened(core).projector.caughtUp;
    await sweepPayloads(sweeping());
    await sweepTemporaries(sweeping());
  };

  const serve = async () => {
    const parts = opened(core);
    const { models, payloads, messages, streams, projection, projector, delivery, eventLog } = parts;
    const shared = { ...parts, clock, ids, log, role, node };
    const inbox = openInbox({ ...shared, admits: config.role === 'inner' ? admitsOf(config) : () => undefined });
    const steps: Steps = {
      fetch: fetchPayload(payloads, messages, node),
      process: processing(config.role === 'inner' ? config.profiles : [], streams, ids),
      prepare: prepare(delivery, payloads),
      deliver: deliver(delivery),
      acknowledge,
      purge: purge(payloads, streams, node),
    };
    const verifiers = argon2Verifiers({ clock });
    const door = config.role === 'dmz' ? openDoor({ ...shared, projection: channelsProjection, verifiers, limits: config.limits }) : undefined;
    const intake = door && openIntake({ ...shared, door, open });
    let listeners: Listeners | undefined;
    const running = controlOf({
      ...shared,
      now: () => clock.now(),
      status: () => ({
        node,
        state: phase,
        listeners: listeners?.addresses() ?? [],
        residentBytes: process.memoryUsage.rss(),
      }),
    });
    control = running;
    const take = intake && ((snapshot: Parameters<PeerHandlers['channels']>[1]) =>
      takeChannels({ models, projector, streams, log, projection: channelsProjection, end: (name) => intake.end(name) }, snapshot));
    const started = await messages.start({
      events: (from, parcels) => inbox.take(from, parcels),
      payload: payloadHandler(payloads),
      channels: async (_from, snapshot) => (await take?.(snapshot)) ?? left(refusal('notPermitted', 'inner takes no channels')),
      command: (_from, command) => running.takeOrder(command),
    })();
    if (started._tag === 'Left') throw new Error(started.left.text);
    const supervisor = superviseTransfers({ ...shared, steps, retries: defaultRetries, most: liveTransfers });
    closers.push(() => supervisor.stop(graceMs));
    const outbox = openOutbox({ ...shared, inbox, streamingSize: config.streamingSize });
    closers.push(() => outbox.stop());
    if (config.role === 'inner') {
      const snapshot = await snapshotOf({ log: eventLog, streams, ids, verifiers, node, channels: config.channels, passwords: secrets });
      closers.push(publishChannels(messages, snapshot, clock, log));
    }
    const socket = await serveControl({ data, control: running, log });
    closers.push(() => socket.close());
    closers.push(sweepHourly(sweeping()));
    if (config.role === 'dmz' && intake !== undefined) {
      listeners = await openDmz(config, intake, log, clock);
      closers.push(async () => {
        await listeners?.close(graceMs);
        intake.end();
      });
    }
    log.info(`${role} ${node} serves`, { data });
  };

  return {
    control: () => opened(control),
    enter: (next: string) => {
      phase = next;
    },
    phases: {
      start: async () => {
        core = await start();
      },
      catchUp,
      serve,
      drain: async () => {
        for (const close of closers.splice(0).reverse()) await close();
      },
      fatal,
    },
  };
};

const openDmz = (config: DmzConfig, intake: RunningIntake, log: Log, clock: Clock): Promise<Listeners> =>
  openListeners(config.listeners, protocols, { intake, log, clock, directory: join(config.data, 'keys') }, log);

const payloadHandler =
  (payloads: Awaited<ReturnType<typeof diskPayloads>>): PeerHandlers['payload'] =>
  async (from, key, start) => {
    const found = await payloads.stat(key)();
    if (found._tag === 'Left') return left(refusal('notFound', `there is no payload ${key}`));
    const bytes = await payloads.read(key, { from: start })();
    return bytes._tag === 'Left'
      ? left(refusal('unavailable', `payload ${key} cannot be read for ${from.node}`))
      : right({ size: found.right.size, bytes: bytes.right });
  };

const deliveryDirectories = (config: InnerConfig): readonly string[] => [
  ...new Set(config.profiles.flatMap((profile) => profile.responses.map((response) => response.directory))),
];

/** What a dmz may open at this inner: data of channels that are shown to it, in payloads of its own. */
const admitsOf = (config: InnerConfig): Parameters<typeof openInbox>[0]['admits'] => {
  const visible = new Set(config.channels.filter((each) => !each.invisibleToDmz).map((each) => each.name));
  return (from, event) => {
    if (event.type !== 'received') return undefined;
    if (!visible.has(event.data.channel)) return `there is no channel ${event.data.channel} for ${from.node}`;
    return event.data.payload.key.startsWith(`${from.node}.`) ? undefined : 'its payload is not its own';
  };
};

