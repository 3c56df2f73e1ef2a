/** THE COMPOSITION ROOT: config → ports → running server. The only module that sees everything. */
import { join } from 'node:path';
import { type Either, left, right } from 'fp-ts/lib/Either.js';
import { createActor, toPromise } from 'xstate';
import { roomToStart } from '../actors/disk.ts';
import type { FetchDoor } from '../actors/fetch-door.ts';
import { type Listeners, openListeners } from '../actors/listeners.ts';
import { type NodePorts, type RunningNode, startNode } from '../actors/node.ts';
import { heard } from '../actors/notify.ts';
import { type ServerPhases, serverLogic } from '../actors/server.ts';
import type { Control } from '../domain/control.ts';
import type { EventLog, Log } from '../domain/ports.ts';
import { checkPlaces } from './check.ts';
import { serveControl } from './control/server.ts';
import { schedules } from './cron/index.ts';
import { directoryDelivery } from './delivery/directory.ts';
import { dataDisk } from './disk/index.ts';
import { embeddedEventLog } from './eventlog/embedded.ts';
import { prefixOf } from './eventlog/eventstoredb-names.ts';
import { whyNotWhole } from './eventlog/mark.ts';
import { openDoor, openFetchEndpoints, openSource } from './fetching.ts';
import { linkSignatures } from './keys/signatures.ts';
import { messageService } from './messages/index.ts';
import { mailParts } from './mime/index.ts';
import { directoryOutboxes } from './outboxes/index.ts';
import { accessIn, partnersOver } from './partners.ts';
import { diskPayloads } from './payloads/disk.ts';
import { localPrograms } from './programs/index.ts';
import { protocols } from './protocols.ts';
import { sqliteReadModels } from './readmodels/sqlite.ts';
import { readAgain } from './reload.ts';
import { httpServices } from './services/index.ts';
import { systemClock } from './shared/clock.ts';
import { systemIds } from './shared/ids.ts';
import type { LoadedConfig } from './shared/loaded-config.ts';
import { lockDirectory } from './shared/lock.ts';
import { argon2Verifiers } from './verifiers/argon2.ts';

/** A running server. `closed` answers the exit code: 0 after an orderly stop. */
export type Gateway = { readonly control: Control; readonly closed: Promise<number>; stop(): Promise<void> };

const graceMs = 10_000;

/** Starts a server; answers once it serves, or one sentence why it does not. */
export const startGateway = async (loaded: LoadedConfig, log: Log): Promise<Either<string, Gateway>> => {
  const problems = await checkPlaces(loaded);
  if (problems.length > 0) return left(problems.map(({ path, problem }) => `${path}: ${problem}`).join('; '));
  const server = assemble(loaded, log);
  const actor = createActor(serverLogic(server.phases));
  const ended = toPromise(actor);
  const serving = new Promise<boolean>((resolve) => {
    actor.subscribe((snapshot) => {
      server.enter(snapshot.value);
      if (snapshot.value === 'serving') resolve(true);
      if (snapshot.status !== 'active') resolve(false);
    });
  });
  actor.start();
  if (!(await serving)) return left((await ended).reason ?? 'the server was stopped while it started');
  const closed = ended.then(({ reason }) => {
    if (reason !== null) log.error('the server had to stop', { reason });
    return reason === null ? 0 : 1;
  });
  const stop = async () => {
    actor.send({ type: 'stop' });
    await ended;
  };
  return right({ control: server.control(), closed, stop });
};

/** A server's parts, and the phases of its life over them. What was opened last is closed first. */
const assemble = (loaded: LoadedConfig, own: Log) => {
  const { config, secrets, credentials, tls } = loaded;
  const { role, node, data, messageService: link } = config;
  const clock = systemClock();
  const { log, alarms } = heard(own, clock);
  const closers: (() => Promise<void>)[] = [];
  let phase = 'starting';
  let running: RunningNode | undefined;
  let door: FetchDoor | undefined;
  const listeners: Pick<Listeners, 'addresses'>[] = [];
  let die: (error: Error) => void = () => undefined;
  const fatal = new Promise<never>((_, reject) => {
    die = reject;
  });
  fatal.catch(() => undefined);

  const started = (): RunningNode => {
    if (running === undefined) throw new Error('the server has not been started');
    return running;
  };

  const openEventLog = async (): Promise<EventLog> => {
    const { eventLog: connectionString } = loaded;
    if (connectionString === undefined) return embeddedEventLog({ directory: data, onFatal: die });
    const place = { connectionString, prefix: prefixOf(node), clock, log };
    // Its client takes longer to load than most of the rest.
    const { untilThere } = await import('./eventlog/eventstoredb-probe.ts');
    const { eventStoreDb } = await import('./eventlog/eventstoredb.ts');
    await untilThere(place);
    return eventStoreDb(place);
  };

  const openPorts = async (): Promise<NodePorts> => {
    closers.push(await lockDirectory(data));
    const disk = dataDisk({ directory: data });
    await roomToStart(disk, config.disk);
    const eventLog = await openEventLog();
    closers.push(() => eventLog.close());
    const partial = await whyNotWhole(eventLog);
    if (partial !== undefined) throw new Error(partial);
    const models = await sqliteReadModels({ directory: join(data, 'readmodels') });
    closers.push(() => models.close());
    const payloads = await diskPayloads({ directory: data, onFatal: die });
    closers.push(() => payloads.close());
    const messages = messageService({ role, node, ...link, ...tls, log, clock });
    closers.push(() => messages.close());
    const verifiers = argon2Verifiers({ clock });
    const signatures = linkSignatures(tls);
    const [delivery, ids] = [directoryDelivery(), systemIds()];
    const programs = await localPrograms({ directory: data, environment: process.env, clock, log });
    closers.push(() => programs.close());
    const [partners, cron] = [partnersOver(protocols, clock), schedules()];
    const own = { eventLog, models, payloads, disk, delivery, programs, mails: mailParts(), verifiers, signatures };
    const ports = { ...own, messages, partners, cron, clock, ids, log };
    if (config.role === 'dmz') {
      door = openDoor(config, { ...ports, key: tls.key });
      return ports;
    }
    const source = openSource(config, { ...ports, key: tls.key });
    closers.push(source.close);
    const services = httpServices();
    closers.push(() => services.close());
    return { ...ports, source: source.payload, outboxes: directoryOutboxes(), services };
  };

  const phases: ServerPhases = {
    fatal,
    start: async () => {
      const status = () => ({
        state: phase,
        listeners: listeners.flatMap((each) => each.addresses()),
        residentBytes: process.memoryUsage.rss(),
      });
      const ports = await openPorts();
      const ticket = config.role === 'dmz' && config.fetch.ftp !== undefined ? door?.ticket : undefined;
      const accessOf = config.role === 'inner' ? accessIn(config, credentials) : undefined;
      const reload = readAgain(loaded);
      const node = await startNode(ports, { config, passwords: secrets, accessOf, status, ticket, reload, alarms });
      running = node;
      closers.push(() => node.stop(graceMs));
      node.broken.catch((error: unknown) => die(error instanceof Error ? error : new Error(String(error))));
    },
    catchUp: () => started().catchUp(),
    serve: async () => {
      const { control, intake, passThrough } = started();
      await started().serve();
      const socket = await serveControl({ data, control, log });
      closers.push(() => socket.close());
      if (config.role === 'dmz' && intake !== undefined && door !== undefined) {
        const context = { intake, passThrough, log, clock, directory: join(data, 'keys') };
        const partners = await openListeners(config.listeners, protocols, context, log);
        closers.push(() => partners.close(graceMs));
        listeners.push(partners);
        const inner = await openFetchEndpoints(config, { ...context, intake: door.intake, key: tls.key });
        // At once: what breaks off is resumed.
        closers.push(() => inner.close(0));
        listeners.push(inner);
      }
      log.info(`${role} ${node} serves`, { data });
    },
    drain: async () => {
      for (const close of closers.splice(0).reverse()) await close();
    },
  };

  return {
    phases,
    control: (): Control => started().control,
    enter: (next: string) => {
      phase = next;
    },
  };
};
