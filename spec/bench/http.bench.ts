/** HTTP: pass-through against nginx → ssh -R → nginx, and stored uploads against nginx with client_body_in_file_only. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import type { PartnerServer } from '../support/partner-servers.ts';
import { run } from '../support/run.ts';
import { type Pair, password, startPair } from '../support/servers.ts';
import { startService } from '../support/services.ts';
import { settingsOf } from './settings.ts';
import { median, spread, table } from './table.ts';
import { startTunnel } from './tunnel.ts';
import { putScript, wrk } from './wrk.ts';

const MiB = 1024 ** 2;
const hours = 3_600_000;
const { rounds, scale } = settingsOf(process.env);
const seconds = Math.max(1, Math.round(10 * scale));
const large = Math.max(1, Math.round(1024 * scale));

type Side = { readonly port: number; readonly stored: string };
/** More is better for a rate; less is better for a time. */
type Case = {
  readonly title: string;
  readonly unit: 'rate' | 'time';
  readonly measure: (side: Side) => Promise<number>;
};

describe('http', () => {
  let directory = '';
  let service: PartnerServer;
  let pair: Pair;
  let tunnel: Awaited<ReturnType<typeof startTunnel>>;
  const rows: (readonly string[])[] = [];

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'sallyport-bench-'));
    service = await startService(['keepalive_requests 1000000;']);
    await writeFile(join(service.disk, 'small'), randomBytes(1024));
    await writeFile(join(service.disk, 'large'), randomBytes(MiB));
    await writeFile(join(directory, 'large'), Buffer.concat(Array.from({ length: large }, () => randomBytes(MiB))));
    await run('cp', [join(directory, 'large'), join(service.disk, 'large')]);
    const url = `http://127.0.0.1:${service.port}`;
    const route = { id: 'site', path: '/site', url, callers: 'everybody', maxRequest: '100 GiB', maxConcurrent: 200 };
    pair = await startPair({ inner: { routes: [route] } });
    tunnel = await startTunnel(service.port);
  }, hours);

  afterAll(async () => {
    await Promise.all([pair.end(), tunnel.end()]);
    await service.stop();
    await rm(directory, { recursive: true, force: true });
    const head = ['case', 'ours', 'peer', 'ratio'];
    if (rows.length > 0) console.log(`\n${rounds} rounds each, median (least–most)\n\n${table(head, rows)}\n`);
  });

  const curl = async (...args: readonly string[]): Promise<number> => {
    const began = performance.now();
    const { code, err } = await run('curl', ['-q', '-sS', '--fail', ...args], { within: hours });
    if (code !== 0) throw new Error(`curl ${args.join(' ')}: ${err}`);
    return (performance.now() - began) / 1000;
  };
  const get =
    (connections: number) =>
    async ({ port }: Side) =>
      (await wrk(`http://127.0.0.1:${port}/site/small`, { seconds, connections })).perSecond;
  const store =
    (size: number) =>
    async ({ port, stored }: Side) => {
      const script = await putScript(directory, stored, size, `acme:${password}`);
      return (await wrk(`http://127.0.0.1:${port}${stored}`, { seconds, connections: 8, script })).perSecond;
    };
  const cases: readonly Case[] = [
    { title: 'GET 1 KiB, 1 connection, requests/s', unit: 'rate', measure: get(1) },
    { title: 'GET 1 KiB, 32 connections, requests/s', unit: 'rate', measure: get(32) },
    {
      title: `GET ${large} MiB, s`,
      unit: 'time',
      measure: ({ port }) => curl('-o', '/dev/null', `http://127.0.0.1:${port}/site/large`),
    },
    {
      title: `PUT ${large} MiB, s`,
      unit: 'time',
      measure: ({ port }) => curl('-T', join(directory, 'large'), `http://127.0.0.1:${port}/site/base/put`),
    },
    { title: 'stored 4 KiB, 8 connections, uploads/s', unit: 'rate', measure: store(4096) },
    { title: 'stored 256 KiB, 8 connections, uploads/s', unit: 'rate', measure: store(256 * 1024) },
  ];

  it.each(cases)('$title', { timeout: 24 * hours }, async ({ title, unit, measure }) => {
    const sides = {
      ours: { port: pair.httpPort, stored: '/c/acme/' },
      peer: { port: tunnel.port, stored: '/stored/' },
    };
    const [ours, theirs]: [number[], number[]] = [[], []];
    for (let round = 1; round <= rounds; round += 1) {
      ours.push(await measure(sides.ours));
      theirs.push(await measure(sides.peer));
      console.log(`${title}, round ${round}: ours ${ours.at(-1)?.toFixed(2)}, peer ${theirs.at(-1)?.toFixed(2)}`);
    }
    const [mine, its] = [median(ours), median(theirs)];
    rows.push([title, spread(ours), spread(theirs), (unit === 'time' ? mine / its : its / mine).toFixed(2)]);
  });
});
