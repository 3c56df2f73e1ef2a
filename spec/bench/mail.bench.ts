/** Many small mails, smtp-source → dmz → inner's out/, against postfix relaying to smtp-sink. */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, it } from 'vitest';
import { smtpSource, startSmtpSink } from '../support/mail-programs.ts';
import { startPostfix } from '../support/postfix.ts';
import { mailbox, startPair } from '../support/servers.ts';
import { idle } from '../support/stories.ts';
import { until } from '../support/until.ts';
import { cpuOf, peakBytes } from './process.ts';
import { settingsOf } from './settings.ts';
import { median, spread, table } from './table.ts';

const hours = 3_600_000;
const { rounds, scale } = settingsOf(process.env);
const count = Math.max(20, Math.round(2000 * scale));
const sessions = 10;

/** Sends and waits until all of it is at its end; answers the seconds until the last 250, and until the last mail. */
type Side = {
  readonly round: (mails: number) => Promise<readonly [taken: number, there: number]>;
  readonly end: () => Promise<void>;
};

const timed = async (port: number, to: string, mails: number, there: () => Promise<boolean>) => {
  const args = ['-f', 'edi@acme.example', '-t', to, '-l', '4096', '-d', '-s', String(sessions), '-m', String(mails)];
  const start = performance.now();
  const sent = await smtpSource(port, args, hours);
  if (sent.code !== 0) throw new Error(`smtp-source: ${sent.err}`);
  const taken = (performance.now() - start) / 1000;
  await until('everything has arrived', there, hours);
  return [taken, (performance.now() - start) / 1000] as const;
};

const ours = async () => {
  const pair = await startPair({ channel: { mail: { recipients: [mailbox], needsLogin: false } } });
  const cpu = async () => [await cpuOf(pair.dmz.pid()), await cpuOf(pair.inner.pid())].map(({ all }) => all);
  let used: readonly number[] = [];
  const side: Side = {
    round: async (mails) => {
      const before = await cpu();
      const times = await timed(pair.smtpPort, mailbox, mails, async () => (await readdir(pair.out)).length >= mails);
      await idle(pair, hours);
      used = (await cpu()).map((each, i) => each - (before[i] ?? 0));
      for (const name of await readdir(pair.out)) await rm(join(pair.out, name));
      return times;
    },
    end: async () => {
      await Promise.all([pair.dmz.stop(), pair.inner.stop()]);
      await pair.end();
    },
  };
  const peaks = () => Promise.all([pair.dmz, pair.inner].map((server) => peakBytes(server.pid())));
  return { ...side, used: () => used, peaks };
};

const theirs = async (): Promise<Side> => {
  const sink = await startSmtpSink();
  const postfix = await startPostfix({ routes: { 'here.example': sink.port } });
  return {
    round: async (mails) => {
      const before = await sink.count();
      return timed(postfix.port, mailbox, mails, async () => (await sink.count()) >= before + mails);
    },
    end: async () => {
      await postfix.stop();
      await sink.stop();
    },
  };
};

describe('mail', () => {
  const rows: (readonly string[])[] = [];
  const head = ['case', 'ours, s', 'peer, s', 'ratio', 'ours, mails/s', 'peer, mails/s'];
  afterAll(() => {
    if (rows.length > 0) console.log(`\n${rounds} rounds each, median (least–most)\n\n${table(head, rows)}\n`);
  });

  it(`${count} × 4 KiB over ${sessions} connections`, { timeout: 24 * hours }, async () => {
    const [own, peer] = [await ours(), await theirs()];
    const [mine, its]: [(readonly [number, number])[], (readonly [number, number])[]] = [[], []];
    try {
      for (const side of [own, peer]) await side.round(sessions);
      for (let round = 1; round <= rounds; round += 1) {
        mine.push(await own.round(count));
        const [dmz, inner] = own.used();
        its.push(await peer.round(count));
        const ends = [mine, its].map((times) => times.at(-1)?.[1].toFixed(2));
        const used = `CPU of dmz ${dmz?.toFixed(2)} s, of inner ${inner?.toFixed(2)} s`;
        console.log(`round ${round}: ours ${ends[0]} s (${used}), peer ${ends[1]} s`);
      }
      const peaks = (await own.peaks()).map((bytes) => (bytes / 1e6).toFixed(0));
      console.log(`peak memory: dmz ${peaks[0]} MB, inner ${peaks[1]} MB`);
    } finally {
      await own.end();
      await peer.end();
    }
    for (const [i, title] of ['accepted (250)', 'delivered'].entries()) {
      const [a, b] = [mine, its].map((times) => times.map((each) => each[i] ?? 0)) as [number[], number[]];
      const rate = (times: readonly number[]): string => (count / median(times)).toFixed(0);
      rows.push([title, spread(a), spread(b), (median(a) / median(b)).toFixed(2), rate(a), rate(b)]);
    }
  });
});
