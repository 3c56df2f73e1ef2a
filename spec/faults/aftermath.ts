/** What is left after a crash test, and what can be said about a file that went wrong. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isLeft } from 'fp-ts/lib/Either.js';
import { expect } from 'vitest';
import type { TransferRow } from '../../domain/control.ts';
import type { Pair, Server } from '../support/servers.ts';
import { expectOneStory } from '../support/stories.ts';
import { until } from '../support/until.ts';
import { type Crashed, crash, crashPair } from './crash.ts';
import { sentName } from './ledger.ts';
import { startPartnerSide } from './partner-side.ts';
import { type Plan, wordsFor } from './plan.ts';

/** Runs a plan on a pair of its own and expects that nothing is lost, doubled, half or left over. */
export const expectToSurvive = async (seed: number, plan: Plan): Promise<Crashed> => {
  console.log(`crash test; again with SEED=${seed}, fetching over ${plan.via}\n${wordsFor(plan)}`);
  const directory = await mkdtemp(join(tmpdir(), 'sallyport-partner-side-'));
  const side = await startPartnerSide(directory);
  const pair = await crashPair(plan, side);
  try {
    const crashed = await crash(pair, side, seed, plan);
    console.log(summary(crashed));
    const { lost, doubled, strange } = crashed.audit;
    const wrong = [...lost, ...doubled, ...strange].map((each) => sentName(each.split(' ')[0] ?? ''));
    expect(crashed.audit, await storiesOf(pair, wrong)).toEqual({ lost: [], doubled: [], strange: [] });
    const nothing = { lost: [], doubled: [], strange: [] };
    for (const [scenario, answered] of Object.entries(crashed.others)) expect(answered, scenario).toBeGreaterThan(0);
    const others = ['fetched', 'sent', 'posted', 'provided', 'mailed'];
    expect(crashed.audits).toEqual(Object.fromEntries(others.map((each) => [each, nothing])));
    expect(crashed.answered).toBe(crashed.sent);
    await expectOneStory(pair);
    for (const server of [pair.dmz, pair.inner]) await expectNoOrphans(server);
    return crashed;
  } catch (error) {
    const said = [pair.inner, pair.dmz].map((server) => server.printed().slice(-4000)).join('\n');
    throw new Error(`SEED=${seed}\n${said}`, { cause: error });
  } finally {
    await pair.end();
    await side.end();
    await rm(directory, { recursive: true, force: true });
  }
};

/** The seed of the environment, or a new one. */
export const seedOf = (environment: NodeJS.ProcessEnv): number =>
  environment.SEED === undefined ? Date.now() % 1_000_000_007 : Number(environment.SEED);

const summary = ({ kills, audit, sent, answered, others, bytes, killing, settling }: Crashed): string => {
  const rows = [...kills].sort(([a], [b]) => (a < b ? -1 : 1)).map(([point, count]) => `${point.padEnd(34)} ${count}`);
  const total = [...kills.values()].reduce((sum, count) => sum + count, 0);
  return [
    ...rows,
    `${total} kills in ${Math.round(killing)} s, and ${Math.round(settling)} s until nothing was open`,
    `${sent} files of ${Math.round(bytes / 1e6)} MB sent, ${answered} answered OK`,
    Object.entries(others)
      .map(([scenario, count]) => `${count} ${scenario}`)
      .join(', '),
    `${audit.lost.length} lost, ${audit.doubled.length} doubled, ${audit.strange.length} half or strange`,
  ].join('\n');
};

const page = 10_000;

const transfersOf = async (server: Server): Promise<readonly TransferRow[]> => {
  const rows: TransferRow[] = [];
  for (;;) {
    const answer = await server.control.list({ limit: page, offset: rows.length })();
    if (isLeft(answer)) throw new Error(answer.left.text);
    rows.push(...answer.right);
    if (answer.right.length < page) return rows;
  }
};

/** What dmz recorded of the files of these names: for whoever must find out why one of them was lost or doubled. */
const storiesOf = async (pair: Pair, names: readonly string[]): Promise<string> => {
  const told: string[] = [];
  for (const row of (await transfersOf(pair.dmz)).filter(({ name }) => names.includes(name))) {
    const story = await pair.dmz.control.show(row.id)();
    const events = isLeft(story) ? [] : story.right.events;
    told.push(`${row.name} ${row.id}: ${events.map((event) => `${event.type} ${event.meta.at}`).join(', ')}`);
  }
  return told.join('\n');
};

/** Started anew, it soon keeps no payload that no transfer knows. */
const expectNoOrphans = async (server: Server): Promise<void> => {
  await server.start();
  const known = new Set((await transfersOf(server)).map((row) => row.id));
  await until('no payload is left over', async () => {
    const files = await readdir(join(server.data, 'transfer'), { recursive: true, withFileTypes: true });
    const orphans = files.filter((file) => file.isFile() && !known.has(file.name.split('.')[1] ?? ''));
    if (orphans.length > 0) throw new Error(`left over: ${orphans.map((file) => file.name).join(', ')}`);
    return true;
  });
};
