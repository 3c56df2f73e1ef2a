/** Which server is killed where: the plan of a crash test, made from its seed before anything runs. */
import { type FaultPoint, faultPoints } from '../../adapters/shared/fault-point.ts';
import type { Role } from '../../domain/role.ts';
import type { LogKind } from '../support/pair-store.ts';
import { type Chance, chanceOf } from './chance.ts';

/** One kill: at the n-th passage of a fault point, or so many milliseconds after the server serves. */
export type Kill =
  | { readonly at: FaultPoint; readonly passage: number }
  | { readonly at: 'random'; readonly milliseconds: number };

/** One kill of the store of the event logs: so many milliseconds after it came up, and how long it is then away. */
export type StoreKill = { readonly after: number; readonly away: number };

/** The kills of each server, and of their store if they have one, one after the other; the lists run at the same time. */
export type Plan = Readonly<Record<Role, readonly Kill[]>> & {
  readonly via: FetchVia;
  readonly store: readonly StoreKill[];
};

/** How inner fetches large payloads. */
export type FetchVia = 'sftp' | 'messageService';

/** Points that only one of the servers passes (inner keeps no upload, dmz delivers nothing). */
const onlyAt = (point: FaultPoint): Role | undefined => {
  if (/^(delivery|fetch)\./.test(point)) return 'inner';
  return /^(reply|channels|message\.payload|payload\.(keep|kept|scatter|datasync|remove))\./.test(point)
    ? 'dmz'
    : undefined;
};

/** Points that are passed only where a server commits its log itself. */
const isOfEmbedded = (point: FaultPoint): boolean => /^log\.(commit|checkpoint|answer\.before)/.test(point);

/** The fault points that a server passes; nothing is dropped in an outbox here. */
export const pointsOf = (role: Role, via: FetchVia, log: LogKind): readonly FaultPoint[] =>
  faultPoints.filter(
    (point) =>
      !point.startsWith('outbox.') &&
      (log === 'embedded' || !isOfEmbedded(point)) &&
      (onlyAt(point) ?? role) === role &&
      (via === 'messageService' || !point.startsWith('message.payload.')),
  );

/** Those that take a server's life of hundreds of files, or a file of many megabytes, to come to. */
const isSlow = (point: FaultPoint): boolean => /^(log\.checkpoint|payload\.datasync)\./.test(point);

/** How far into a life a point may be met: what is passed often is met at any time of it. */
const mostPassages = (point: FaultPoint): number => {
  if (isSlow(point) || /^(channels|database|disk)\./.test(point)) return 1;
  return /^(log|model|message\.(ask|answer))\./.test(point) ? 12 : 3;
};

const killAt = (chance: Chance, at: FaultPoint): Kill => ({ at, passage: chance.whole(1, mostPassages(at)) });

/** Directories of payloads are made once, so their making must be met while there are some to make. */
const early = (kills: readonly Kill[]): readonly Kill[] => [
  ...kills.filter((kill) => kill.at.startsWith('payload.shard')),
  ...kills.filter((kill) => !kill.at.startsWith('payload.shard')),
];

/** What a plan rests on. */
export type PlanNeeds = { readonly seed: number; readonly log: LogKind };

/** Every point of both servers so many times, and random kills up to `kills`. */
export const fullPlan = (
  { seed, log, via }: PlanNeeds & { readonly via: FetchVia },
  kills: number,
  times: number,
): Plan => {
  const points = pointsOf('dmz', via, log).length + pointsOf('inner', via, log).length;
  const random = Math.max(0, kills - points * times);
  const of = (role: Role, share: number): readonly Kill[] => {
    const chance = chanceOf(seed, `${via} ${role}`);
    const planned = Array.from({ length: times }, () =>
      pointsOf(role, via, log).map((at) => killAt(chance, at)),
    ).flat();
    return early(chance.shuffled([...planned, ...randomKills(chance, share)]));
  };
  const servers = { dmz: of('dmz', Math.ceil(random / 2)), inner: of('inner', Math.floor(random / 2)) };
  return { via, ...servers, store: storeKills({ seed, log }, kills) };
};

/** So many kills in all, three of four at fault points, which the seed chooses: over several runs all of them come. */
export const shortPlan = ({ seed, log }: PlanNeeds, kills: number): Plan => {
  const via = chanceOf(seed, 'via').pick<FetchVia>(['sftp', 'messageService']);
  const of = (role: Role, share: number): readonly Kill[] => {
    const chance = chanceOf(seed, role);
    const quick = chance.shuffled(pointsOf(role, via, log).filter((point) => !isSlow(point)));
    const points = quick.slice(0, Math.round(share * 0.75)).map((at) => killAt(chance, at));
    return chance.shuffled([...points, ...randomKills(chance, share - points.length)]);
  };
  const servers = { dmz: of('dmz', Math.ceil(kills / 2)), inner: of('inner', Math.floor(kills / 2)) };
  return { via, ...servers, store: storeKills({ seed, log }, kills) };
};

/** The store is away longer than servers wait for it in one kill of so many. */
const lengthyEvery = 5;

/** One for four kills of servers, where they have a store. */
const storeKills = ({ seed, log }: PlanNeeds, kills: number): readonly StoreKill[] => {
  if (log === 'embedded') return [];
  const chance = chanceOf(seed, 'store');
  return Array.from({ length: Math.floor(kills / 4) }, (_, i) => ({
    after: chance.whole(0, 5_000),
    away: i % lengthyEvery === lengthyEvery - 1 ? 18_000 : chance.whole(0, 2_000),
  }));
};

const randomKills = (chance: Chance, count: number): readonly Kill[] =>
  Array.from({ length: count }, () => ({ at: 'random', milliseconds: chance.whole(0, 1500) }));

/** A plan in one line a server. */
export const wordsFor = (plan: Plan): string => {
  const servers = (['dmz', 'inner'] as const).map((role) => {
    const kills = plan[role].map((kill) =>
      kill.at === 'random' ? `${kill.milliseconds} ms` : `${kill.at}@${kill.passage}`,
    );
    return `${role}: ${kills.join(', ')}`;
  });
  const store = plan.store.map(({ after, away }) => `${after} ms, for ${away} ms`);
  return [...servers, ...(store.length > 0 ? [`store: ${store.join(', ')}`] : [])].join('\n');
};
