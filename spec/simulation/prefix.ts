/** Starts both servers on a past, lets them come to rest, and says what is wrong then. */
import { right } from 'fp-ts/lib/Either.js';
import { unpack } from '../../adapters/eventlog/packing.ts';
import type { PartnerSession } from '../../domain/partner.ts';
import { decode } from '../../domain/transfer/codec.ts';
import { transferOf } from '../../domain/transfer/event-id.ts';
import { fold } from '../../domain/transfer/fold.ts';
import type { TransferEvent } from '../../domain/transfer/vocabulary.ts';
import { type MemoryPartner, memoryPartner } from '../support/memory-partner.ts';
import { configs, decoded, outDirectory } from './config.ts';
import { content, sending, sourcePath, type Things, targetPath, transfer } from './happening.ts';
import { type Choices, foldsThroughout, makePast, type Past } from './history.ts';
import { type Life, scheduled } from './life.ts';
import { openLink } from './link.ts';
import { rowsOf, stories } from './properties.ts';
import { befall } from './schedule.ts';
import { openServer, type Plant, type Server } from './server.ts';
import { drained, openWorld } from './world.ts';

/** What is to be tried: a past, and the dice of what befalls the servers then. */
export type Trial = Choices & { readonly scenario: string; readonly seed: number; readonly faults: boolean };

const hour = 3_600_000;
const mostSteps = 20_000;
const betweenOrders = 60_000;

/** Where the past was cut off, and everything that is wrong at the end: nothing is good. */
export type Tried = { readonly state: string; readonly found: readonly string[]; readonly lines: readonly string[] };

/** Tries one; `traced` keeps its lines. */
export const tryPast = async (trial: Trial, plant: Plant = {}, traced = false): Promise<Tried> => {
  const world = openWorld(trial.seed, traced);
  if (!trial.faults) world.faults.stop();
  const link = openLink(world, { inner: 'inner-1', dmz: 'dmz-1' });
  const partner = memoryPartner(() => Date.UTC(2026, 0, 1) + world.now());
  for (const directory of ['/from', '/to']) partner.directories.add(directory);
  const own = among(partner, plant);
  const [inner, dmz] = [openServer(world, link, 'inner', own), openServer(world, link, 'dmz', own)];
  const servers = [inner, dmz] as const;
  const things = { disks: { inner: inner.disk, dmz: dmz.disk }, partner, outcome: inner.outcome };
  const past = await makePast(trial.scenario, trial, things.disks, things);
  const { state } = past.folded;
  if (!foldsThroughout(past)) return { state, found: ['a prefix does not fold'], lines: [] };
  for (const server of servers) server.start();
  let lastOrder = -Infinity;
  const release = (): boolean => {
    const held = rowsOf(inner).find(({ state }) => state === 'held');
    const control = inner.serving()?.node.control;
    if (held === undefined || control === undefined || world.now() < lastOrder + betweenOrders) return false;
    lastOrder = world.now();
    void control.order(held.id, 'release', 'the cause is mended', 'operator')();
    return true;
  };
  const end = world.now() + 12 * hour;
  for (let steps = 0; steps < mostSteps; steps += 1) {
    if (!world.step()) {
      if (servers.every((server) => server.isUp()) && unfinished(servers, past) === undefined) break;
      if (world.now() > end) break;
      if (!release()) world.wait();
    }
    await drained();
    if (trial.faults) befall(world, link, servers);
  }
  await drained();
  const found = findings(inner, dmz, past, things);
  for (const server of servers) server.crash();
  return { state, found, lines: world.lines };
};

/** The partner's server and its settings, in both servers' worlds; a dead life's calls reach it no more. */
const among = (partner: MemoryPartner, plant: Plant): Plant => {
  const access = {
    ...{ channel: 'acme', protocol: 'sftp', settings: {}, hosts: ['partner'], login: 'us' },
    ...{ credentials: {}, trusted: [], sending },
  };
  const inner = decoded({
    role: 'inner',
    ...{ node: 'inner-1', data: 'inner' },
    messageService: {
      ...{ ca: 'ca', certificate: 'certificate', key: 'key' },
      peers: [{ node: 'dmz-1', fingerprint: `sha256:${'0'.repeat(64)}`, host: 'dmz' }],
    },
    channels: [{ name: 'acme', login: 'acme', password: { env: 'PASSWORD' } }],
    profiles: [
      {
        name: 'orders',
        match: { name: '*.xml' },
        steps: [{ kind: 'rename', template: '{name}' }],
        responses: [{ kind: 'file', directory: outDirectory }],
      },
    ],
  });
  return {
    ...plant,
    settings: (role) => ({
      config: role === 'inner' ? inner : configs.dmz,
      ...(role === 'inner' ? { accessOf: () => right(access) } : {}),
    }),
    ports: (ports, role, life, disk) => {
      const given = {
        ...ports,
        partners: { connect: () => () => Promise.resolve(right(within(life, partner.connect()))) },
      };
      return plant.ports?.(given, role, life, disk) ?? given;
    },
  };
};

const within = (life: Life, session: PartnerSession): PartnerSession => ({
  list: (directory) => scheduled(life, 'list at the partner', session.list(directory)),
  look: (path) => scheduled(life, 'look at the partner', session.look(path)),
  read: (path, start) => scheduled(life, 'read at the partner', session.read(path, start)),
  write: (path, bytes) => scheduled(life, 'write at the partner', session.write(path, bytes)),
  rename: (from, to) => scheduled(life, 'rename at the partner', session.rename(from, to)),
  remove: (path) => scheduled(life, 'remove at the partner', session.remove(path)),
  close: () => session.close(),
});

/** Is something owed, by either server? */
const unfinished = (servers: readonly Server[], past: Past): string | undefined => {
  const rows = servers.flatMap((server) => rowsOf(server).map((row) => ({ ...row, role: server.role })));
  if (past.events.length > 0 && rows.length === 0) return 'no server knows the transfer';
  const open = rows.find((row) => !row.ended || row.tellAt !== null);
  return open && `${open.id} is ${open.state} on ${open.role}${open.tellAt === null ? '' : ', and not told'}`;
};

const findings = (inner: Server, dmz: Server, past: Past, things: Things): readonly string[] => {
  const open = unfinished([inner, dmz], past);
  if (open !== undefined) return [open];
  return [...stories(inner, dmz), ...[inner, dmz].flatMap(illegal), ...once(inner, dmz, past, things)];
};

const eventsOf = (server: Server): ReadonlyMap<string, readonly TransferEvent[]> => {
  const found = new Map<string, TransferEvent[]>();
  for (const stored of server.disk.events) {
    const id = transferOf(stored[1]);
    const event = decode(unpack(stored));
    if (id !== undefined && event !== undefined) found.set(id, [...(found.get(id) ?? []), event]);
  }
  return found;
};

const illegal = (server: Server): readonly string[] =>
  [...eventsOf(server)].flatMap(([id, events]) =>
    (fold(id, events)?.illegal ?? ['nothing opens it']).map((what) => `${id} on ${server.role}: ${what}`),
  );

/** What the log says was done was done, once; and nothing else was. */
const once = (
  inner: Server,
  dmz: Server,
  { folded, events, ahead }: Past,
  { partner, outcome }: Things,
): readonly string[] => {
  const { scenario } = folded;
  const own = [...(eventsOf(inner).get(transfer) ?? []), ...(eventsOf(dmz).get(transfer) ?? [])];
  const says = (type: TransferEvent['type']): boolean => own.some((each) => each.type === type);
  const wrong: string[] = [];
  const expect = (what: string, is: unknown, wanted: unknown): void => {
    if (JSON.stringify(is) !== JSON.stringify(wanted))
      wrong.push(`${scenario}: ${what}: ${JSON.stringify(is)} instead of ${JSON.stringify(wanted)}`);
  };
  const results = says('processed') || (scenario === 'innerOnly' && says('sent')) ? [content] : [];
  expect('results', outcome.delivered(), results);
  const abandoned = says('abandoned');
  const before = events.some(({ type }) => type === 'abandoned');
  expect('was it abandoned', abandoned, before);
  if (scenario === 'responseSend' || scenario === 'innerSends') {
    const at = [...partner.files].filter(([path]) => !abandoned || path === targetPath);
    expect(
      'files at the partner',
      at.map(([path, { bytes }]) => `${path} ${Buffer.from(bytes).toString()}`),
      says('sent') ? [`${targetPath} ${content}`] : [],
    );
    const placed = events.some(({ type }) => type === 'placed');
    const written = partner.calls.filter((call) => call.startsWith('write'));
    if (placed) expect('written again', written, []);
  }
  if (scenario === 'cronGet')
    expect(
      'left at the partner',
      [...partner.files.keys()],
      says('acknowledged') || ahead === 'acknowledged' ? [] : [sourcePath],
    );
  const count = (type: TransferEvent['type'], server: Server): number =>
    (eventsOf(server).get(transfer) ?? []).filter((each) => each.type === type).length;
  for (const server of [inner, dmz])
    for (const type of [
      'received',
      'fetched',
      'processed',
      'sent',
      'provided',
      'pickedUp',
      'expired',
      'acknowledged',
    ] as const)
      if (count(type, server) > 1)
        wrong.push(`${scenario}: ${type} stands ${count(type, server)} times on ${server.role}`);
  return wrong;
};
