/** Our side: dmz and inner as processes; a file has arrived when it stands in inner's out/. */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Pair, password, startPair } from '../support/servers.ts';
import { idle } from '../support/stories.ts';
import { until } from '../support/until.ts';
import { expectSame, type Load } from './load.ts';
import { type Cpu, cpuOf, peakBytes } from './process.ts';
import { send, type Target } from './senders.ts';

const minutes = 60_000;

/** Seconds of a delivery, and of CPU time that each server used until no transfer was open. */
export type OurRound = { readonly seconds: number; readonly cpu: { readonly dmz: Cpu; readonly inner: Cpu } };

export type Ours = {
  /** Sends a load, its names prefixed; rejects unless it has arrived byte for byte. */
  round(load: Load, prefix: string): Promise<OurRound>;
  /** Peak memory so far, bytes. */
  peaks(): Promise<{ readonly dmz: number; readonly inner: number }>;
  /** Stops both in order and removes their data. */
  end(): Promise<void>;
};

/** Starts both servers; with directories for profiles, each writes one of its main thread there when it ends. */
export const startOurs = async (protocol: 'sftp' | 'ftp', profiles?: (role: string) => string): Promise<Ours> => {
  const pair = await startPair({
    wrap: (role, [node = '', ...args]) => {
      const profiling = profiles === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profiles(role)}`];
      return [node, ...profiling, ...args];
    },
  });
  const target: Target = {
    protocol,
    port: protocol === 'sftp' ? pair.sftpPort : pair.ftpPort,
    login: 'acme',
    password,
    identity: pair.identity,
    directory: '/',
  };
  return {
    round: (load, prefix) => round(pair, target, load, prefix),
    peaks: async () => ({ dmz: await peakBytes(pair.dmz.pid()), inner: await peakBytes(pair.inner.pid()) }),
    end: async () => {
      await Promise.all([pair.dmz.stop(), pair.inner.stop()]);
      await pair.end();
    },
  };
};

const round = async (pair: Pair, target: Target, load: Load, prefix: string): Promise<OurRound> => {
  const cpu = async () => ({ dmz: await cpuOf(pair.dmz.pid()), inner: await cpuOf(pair.inner.pid()) });
  const count = load.shares.flat().length;
  const before = await cpu();
  const start = performance.now();
  await send(target, load, prefix);
  // A file gets its final name only when all of it is on disk; so the bytes can be compared outside of the time.
  const all = async () => (await readdir(pair.out)).filter((name) => name.startsWith(prefix)).length >= count;
  await until('everything has arrived', all, 30 * minutes);
  const seconds = (performance.now() - start) / 1000;
  await idle(pair, 30 * minutes);
  const after = await cpu();
  await expectSame(load, pair.out, prefix);
  for (const name of load.shares.flat()) await rm(join(pair.out, `${prefix}${name}`));
  return { seconds, cpu: { dmz: used(before.dmz, after.dmz), inner: used(before.inner, after.inner) } };
};

const used = (before: Cpu, after: Cpu): Cpu => ({ all: after.all - before.all, main: after.main - before.main });
