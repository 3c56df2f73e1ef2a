/** The crash test: both servers, and the store of their logs, are killed again and again while clients send, and nothing is lost, doubled or half. */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { isLeft } from 'fp-ts/lib/Either.js';
import type { Role } from '../../domain/role.ts';
import { linked, type Pair, preparePair, type Server } from '../support/servers.ts';
import { idle } from '../support/stories.ts';
import { until } from '../support/until.ts';
import { ftpSender } from './ftp-sender.ts';
import { type LaneNeeds, lane, type Sender, type Wish } from './lanes.ts';
import { type Audit, openLedger } from './ledger.ts';
import { mailSender } from './mail-sender.ts';
import { openSshSender } from './openssh-sender.ts';
import { type PartnerSide, type PartnerWork, prefixes } from './partner-side.ts';
import type { Kill, Plan } from './plan.ts';
import { sftpSender } from './sftp-sender.ts';

/** What happened. `kills` counts by server and point. */
export type Crashed = {
  readonly kills: ReadonlyMap<string, number>;
  readonly audit: Audit;
  /** Of the other scenarios: what was fetched, mailed, sent on and provided; and how many files lanes got an OK for. */
  readonly audits: Readonly<Record<string, Audit>>;
  readonly others: Readonly<Record<string, number>>;
  readonly sent: number;
  readonly answered: number;
  readonly bytes: number;
  /** Seconds until the last kill, and from there until neither server owed anything. */
  readonly killing: number;
  readonly settling: number;
};

/** How long a server may live without passing the point at which it is to die. */
const patience = 120_000;
/** How long it may take to start, waiting for its store. */
const within = 60_000;

/** Carries the plan out on a pair that is not started yet; afterwards both servers run and owe nothing. */
export const crash = async (pair: Pair, side: PartnerSide, seed: number, plan: Plan): Promise<Crashed> => {
  const started = Date.now();
  const ledger = openLedger();
  const kills = new Map<string, number>();
  const armed = new Map<Role, Kill>();
  let over = false;
  const wanted = (): Wish | undefined => [...armed.values()].map(wishFor).find((wish) => wish !== undefined);
  const needs: LaneNeeds = { pair, seed, ledger, over: () => over, wanted };
  const killed = (name: string): void => {
    kills.set(name, (kills.get(name) ?? 0) + 1);
  };
  const killer = async (role: Role): Promise<void> => {
    for (const kill of plan[role]) {
      if (over) return;
      armed.set(role, kill);
      await dieAt(pair[role], kill);
      killed(`${role} ${kill.at}`);
    }
    armed.delete(role);
    await pair[role].start({ within });
  };
  const storeKiller = async (): Promise<void> => {
    for (const { after, away } of plan.store) {
      await setTimeout(after);
      if (over) return;
      await pair.store?.kill();
      killed('store');
      await setTimeout(away);
      await pair.store?.start();
    }
  };
  const stop = (): void => {
    over = true;
  };
  const killers = [killer('dmz'), killer('inner'), storeKiller()].map((each) => each.catch(rethrowing(stop)));
  void Promise.allSettled(killers).then(stop);
  const work = side.begin(pair, seed, () => over);
  const key = await readFile(pair.identity);
  const lanes = [
    ...Object.entries(await senders(pair)).map(([name, sender]) => lane(needs, name, sender)),
    lane({ ...needs, ledger: work.mailed, daily: false, wanted: () => undefined }, 'mail', mailSender(pair)),
    ...(['sent', 'posted', 'provided'] as const).map((scenario) =>
      lane(
        { ...needs, ledger: work[scenario], daily: false, wanted: () => undefined },
        prefixes[scenario],
        sftpSender(pair, key),
      ),
    ),
    work.working,
  ];
  const ends = await Promise.allSettled([...killers, ...lanes.map((each) => each.catch(rethrowing(stop)))]);
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  const survived = Date.now();
  await linked(pair);
  await retryOpen(pair.inner);
  const audits = await until('every other scenario is at its end', () => quiet(pair, work), 300_000);
  await idle(pair, 300_000);
  const settled = Date.now();
  const audit = await ledger.audit(pair.out);
  return {
    ...ledger.counts(),
    kills,
    audit,
    audits,
    others: Object.fromEntries(lanesOf.map((scenario) => [scenario, work[scenario].counts().answered])),
    killing: (survived - started) / 1000,
    settling: (settled - survived) / 1000,
  };
};

const lanesOf = ['mailed', 'sent', 'posted', 'provided'] as const;

/** The books of the other scenarios once nothing but what is to be picked up may be open; undefined until then. */
const quiet = async (pair: Pair, work: PartnerWork): Promise<Readonly<Record<string, Audit>> | undefined> => {
  const audits = await work.audits();
  const missing = Object.values(audits).some(({ lost }) => lost.length > 0);
  const open = (await pair.dmz.status()).open + (await pair.inner.status()).open;
  return missing || open > 0 ? undefined : audits;
};

/** The clients of a test, by name. */
const senders = async (pair: Pair): Promise<Readonly<Record<string, Sender>>> => {
  const key = await readFile(pair.identity);
  return {
    sftp1: sftpSender(pair, key),
    sftp2: sftpSender(pair, key),
    ftp1: ftpSender(pair),
    ftp2: ftpSender(pair),
    openssh: openSshSender(pair),
  };
};

/** As an operator may: what failed while dmz was away need not wait until its next try is due. */
const retryOpen = async (inner: Server): Promise<void> => {
  const open = await inner.control.list({ open: true, limit: 10_000 })();
  if (isLeft(open)) throw new Error(open.left.text);
  for (const row of open.right.filter(({ reason, state }) => reason !== null && state === 'forwarded'))
    await inner.control.order(row.id, 'retry', 'dmz is back', 'driver')();
};

/** What fails ends the others, too. */
const rethrowing =
  (first: () => void) =>
  (error: unknown): never => {
    first();
    throw error;
  };

/** Keys and configs for it; small payloads travel inline, larger ones are fetched, and dmz soon frees its copies. */
export const crashPair = ({ via }: Plan, side: PartnerSide): Promise<Pair> =>
  preparePair({ ...side.options, streamingSize: '64 KiB', fetchVia: via, dmz: { viewFor: '2s' } });

/** Starts the server, and waits until it has been killed where it should be. */
const dieAt = async (server: Server, kill: Kill): Promise<void> => {
  if (kill.at === 'random') {
    await server.start({ within });
    await setTimeout(kill.milliseconds);
    await server.kill();
    return;
  }
  // The reserve is made where there is none.
  if (kill.at.startsWith('disk.reserve')) await rm(join(server.data, 'reserve'), { force: true });
  const started = server.start({ within, env: { SALLYPORT_FAULT: `${kill.at}@${kill.passage}` } });
  // Some points are passed before it serves.
  await started.catch(() => undefined);
  const waited = new AbortController();
  const tired = setTimeout(patience, 'tired' as const, { signal: waited.signal, ref: false });
  const how = await Promise.race([server.ended(), tired]);
  waited.abort();
  if (how !== 'SIGKILL')
    throw new Error(`it was to be killed at ${kill.at}@${kill.passage}, but: ${how}\n${server.printed().slice(-4000)}`);
};

const MiB = 1024 * 1024;

/** What some points need that does not come by itself often. */
const wishFor = ({ at }: Kill): Wish | undefined => {
  if (at.startsWith('payload.datasync')) return { way: 'plain', size: 66 * MiB };
  if (at.startsWith('payload.scatter')) return { way: 'scattered', size: MiB };
  if (/^payload\.(keep|kept)/.test(at)) return { way: 'cut', size: MiB };
  if (at.startsWith('log.checkpoint')) return { way: 'plain', size: 1 };
  return /^(message\.payload|fetch\.ask)/.test(at) ? { way: 'plain', size: 200 * 1024 } : undefined;
};
