/** One schedule: both servers, one or two partners and what befalls them, from a seed to the books' end. */
import { openLedger } from './ledger.ts';
import { type Link, openLink } from './link.ts';
import { runPartner } from './partner.ts';
import { findings, leftovers, unsettled } from './properties.ts';
import { openServer, type Plant, type Server } from './server.ts';
import { drained, openWorld, type World } from './world.ts';

/** What came of a schedule: nothing found is good. */
export type Verdict = {
  readonly seed: number;
  readonly found: readonly string[];
  /** How many files got their OK. */
  readonly accepted: number;
  readonly faults: readonly string[];
  readonly lines: readonly string[];
};

const hour = 3_600_000;
const mostSteps = 20_000;

/** Runs the schedule of a seed; `traced` keeps its lines. */
export const runSchedule = async (seed: number, plant: Plant = {}, traced = false): Promise<Verdict> => {
  const world = openWorld(seed, traced);
  const link = openLink(world, { inner: 'inner-1', dmz: 'dmz-1' });
  const inner = openServer(world, link, 'inner', plant);
  const dmz = openServer(world, link, 'dmz', plant);
  const servers = [inner, dmz] as const;
  const ledger = openLedger();
  let partners = world.random.chance(0.65) ? 1 : 2;
  for (const lane of partners === 1 ? ['one'] : ['one', 'two'])
    void runPartner({ world, dmz, ledger, lane }).finally(() => {
      partners -= 1;
    });
  for (const server of servers) server.start();

  let steps = 0;
  const go = async (until: () => boolean): Promise<boolean> => {
    while (steps < mostSteps) {
      steps += 1;
      const early = world.random.chance(0.02) && (world.nextTimer() ?? Infinity) < world.now() + 5_000;
      if (early || !world.step()) {
        if (until()) return true;
        world.wait();
      }
      await drained();
      befall(world, link, servers);
    }
    return false;
  };

  const rest = (): boolean =>
    partners === 0 && servers.every((server) => server.isUp()) && nothingWithin(world, hour / 4);
  const found: string[] = [];
  if (!(await go(rest))) found.push('the partners do not come to an end');
  world.faults.stop();
  world.say('world', 'no more faults');
  link.set(true);
  const end = world.now() + 12 * hour;
  await go(() => servers.every((server) => server.isUp()) && (unsettled(servers) === undefined || world.now() > end));
  const open = unsettled(servers);
  if (open !== undefined) found.push(open);
  const restarts = world.random.chance(0.3);
  if (restarts) {
    world.say('world', 'both servers are started once more');
    for (const server of servers) server.crash();
    await go(() => servers.every((server) => server.isUp()) && nothingWithin(world, hour / 4));
  }
  found.push(...findings(inner, dmz, ledger), ...(restarts ? leftovers(inner, dmz) : []));
  for (const server of servers) server.crash();
  const accepted = [...ledger.all.values()].filter(({ standing }) => standing === 'accepted').length;
  return { seed, found: [...new Set(found)], accepted, faults: world.faults.struck, lines: world.lines };
};

const nothingWithin = (world: World, milliseconds: number): boolean =>
  (world.nextTimer() ?? Infinity) > world.now() + milliseconds;

/** The faults of the world itself; those of ports are in the ports. */
export const befall = (world: World, link: Link, servers: readonly [Server, Server]): void => {
  const { faults, random } = world;
  const forever = { name: 'world', alive: true };
  if (random.chance(0.01)) servers[0].outcome.take(random);
  for (const server of servers) {
    if (server.isUp() && faults.strikes(`${server.role} crashes`, 0.004)) server.crash();
    if (server.isUp() && faults.strikes(`${server.role} is stopped`, 0.001)) server.stop();
    if (faults.strikes(`the wall clock of ${server.role} jumps`, 0.001))
      server.disk.wall.offset += Math.round((random.int(2 * hour) - hour) * random.pick([1, 0.01]));
  }
  if (link.whole() && faults.strikes('the link is cut', 0.003)) {
    link.set(false);
    world.timer(forever, random.int(30_000), 'the link is mended', () => link.set(true));
  }
};
