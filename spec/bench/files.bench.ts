/** Large and many small files, partner → dmz → inner's out/, against OpenSSH and vsftpd with a second hop. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { type Load, makeLoad, makeWarmUp } from './load.ts';
import { type OurRound, startOurs } from './ours.ts';
import { startPeer } from './peer.ts';
import { now, readProfiles, topSelfTimes } from './profile.ts';
import { settingsOf } from './settings.ts';
import { median, spread, table } from './table.ts';

const MiB = 1024 ** 2;
const hours = 3_600_000;
const { rounds, scale } = settingsOf(process.env);
const size = Math.max(1, Math.round(1024 * scale));
const count = Math.max(4, Math.round(2000 * scale));
const profiles = fileURLToPath(new URL('../../var/bench/files', import.meta.url));

const head = ['case', 'ours, s', 'peer, s', 'ratio', 'dmz CPU, s', 'inner CPU, s', 'dmz peak, MB', 'inner peak, MB'];

describe('files', () => {
  let directory = '';
  let warmUp: Load;
  const loads = new Map<string, Load>();
  const rows: (readonly string[])[] = [];

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'sallyport-bench-'));
    warmUp = await makeWarmUp(join(directory, 'first'));
    loads.set('large', await makeLoad(join(directory, 'large'), 1, size * MiB, 1));
    loads.set('small', await makeLoad(join(directory, 'small'), count, 4096, 4));
    await rm(profiles, { recursive: true, force: true });
  }, hours);

  afterAll(async () => {
    await rm(directory, { recursive: true, force: true });
    if (rows.length > 0) console.log(`\n${rounds} rounds each, median (least–most)\n\n${table(head, rows)}\n`);
  });

  it.each([
    ['large', 'sftp', `${size} MiB, SFTP`],
    ['small', 'sftp', `${count} × 4 KiB, SFTP`],
    ['large', 'ftp', `${size} MiB, FTP`],
    ['small', 'ftp', `${count} × 4 KiB, FTP`],
  ] as const)('%s over %s', { timeout: 24 * hours }, async (kind, protocol, title) => {
    const load = loads.get(kind) ?? warmUp;
    const { ours, theirs, peaks } = await compare(protocol, load, warmUp, title);
    const ourSeconds = ours.map((round) => round.seconds);
    rows.push([
      title,
      spread(ourSeconds),
      spread(theirs),
      (median(ourSeconds) / median(theirs)).toFixed(2),
      spread(ours.map((round) => round.cpu.dmz.all)),
      spread(ours.map((round) => round.cpu.inner.all)),
      (peaks.dmz / 1e6).toFixed(0),
      (peaks.inner / 1e6).toFixed(0),
    ]);
    await profile(protocol, load, join(profiles, `${kind}-${protocol}`), title);
  });
});

type Compared = {
  readonly ours: readonly OurRound[];
  readonly theirs: readonly number[];
  readonly peaks: { readonly dmz: number; readonly inner: number };
};

/** Turn by turn, so that what else the machine does meets both. */
const compare = async (protocol: 'sftp' | 'ftp', load: Load, warmUp: Load, title: string): Promise<Compared> => {
  const peer = await startPeer(protocol);
  try {
    const own = await startOurs(protocol);
    try {
      await own.round(warmUp, 'warm-');
      await peer.round(warmUp, 'warm-');
      const [ours, theirs]: [OurRound[], number[]] = [[], []];
      for (let round = 1; round <= rounds; round += 1) {
        const mine = await own.round(load, `r${round}-`);
        const its = await peer.round(load, `r${round}-`);
        console.log(`${title}, round ${round}: ours ${mine.seconds.toFixed(2)} s, peer ${its.toFixed(2)} s`);
        ours.push(mine);
        theirs.push(its);
      }
      return { ours, theirs, peaks: await own.peaks() };
    } finally {
      await own.end();
    }
  } finally {
    await peer.end();
  }
};

/** One round more, that is not counted, with a profile of each server's main thread. */
const profile = async (protocol: 'sftp' | 'ftp', load: Load, directory: string, title: string): Promise<void> => {
  await mkdir(directory, { recursive: true });
  const of = (role: string): string => join(directory, role);
  const own = await startOurs(protocol, of);
  const span = { from: now(), to: 0 };
  const cpu = await own
    .round(load, 'profiled-')
    .then((round) => round.cpu)
    .finally(() => {
      span.to = now();
      return own.end();
    });
  for (const role of ['dmz', 'inner'] as const) {
    const top = topSelfTimes(await readProfiles(of(role)), span, 10);
    const rows = top.map((row) => [row.name, row.file, row.seconds.toFixed(2), `${(row.share * 100).toFixed(1)} %`]);
    const { all, main } = cpu[role];
    const threads = `its CPU time: main thread ${main.toFixed(2)} s, all other threads ${(all - main).toFixed(2)} s`;
    console.log(
      `\n${title}: self time in ${role}'s main thread (${threads})\n\n${table(['function', 'file', 's', 'share'], rows)}\n`,
    );
  }
};
