/** Which server is killed where: the plan of a crash test, made from its seed before anything runs. */
import { type FaultPoint, faultPoints } from '../../adapters/shared/fault-point.ts';
import type { Role } from '../../domain/role.ts';
import { type Chance, chanceOf } from './chance.ts';

/** One kill: at the n-th passage of a fault point, or so many milliseconds after the server serves. */
export type Kill =
  | { readonly at: FaultPoint; readonly passage: number }
  | { readonly at: 'random'; readonly milliseconds: number };

/** The kills of each server, one after the other; the two lists run at the same time. */
export type Plan = Readonly<Record<Role, readonly Kill[]>> & { readonly via: FetchVia };

/** How inner fetches large payloads. */
export type FetchVia = 'sftp' | 'messageService';

/** Points that only one of the servers passes (inner keeps no upload, dmz delivers nothing). */
const onlyAt = (point: FaultPoint): Role | undefined => {
  if (/^(delivery|fetch)\./.test(point)) return 'inner';
  return /^(reply|channels|message\.payload|payload\.(keep|kept|scatter|datasync|remove))\./.test(point)
    ? 'dmz'
    : undefined;
};

/** The fault points that a server passes; nothing is dropped in an outbox here. */
export const pointsOf = (role: Role, via: FetchVia): readonly FaultPoint[] =>
  faultPoints.filter(
    (point) =>
      !point.startsWith('outbox.') &&
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

/** Every point of both servers so many times, and random kills up to `kills`. */
export const fullPlan = (seed: number, via: FetchVia, kills: number, times: number): Plan => {
  const points = pointsOf('dmz', via).length + pointsOf('inner', via).length;
  const random = Math.max(0, kills - points * times);
  const of = (role: Role, share: number): readonly Kill[] => {
    const chance = chanceOf(seed, `${via} ${role}`);
    const planned = Array.from({ length: times }, () => pointsOf(role, via).map((at) => killAt(chance, at))).flat();
    return early(chance.shuffled([...planned, ...randomKills(chance, share)]));
  };
  return { via, dmz: of('dmz', Math.ceil(random / 2)), inner: of('inner', Math.floor(random / 2)) };
};

/** So many kills in all, three of four at fault points, which the seed chooses: over several runs all of them come. */
export const shortPlan = (seed: number, kills: number): Plan => {
  const via = chanceOf(seed, 'via').pick<FetchVia>(['sftp', 'messageService']);
  const of = (role: Role, share: number): readonly Kill[] => {
    const chance = chanceOf(seed, role);
    const quick = chance.shuffled(pointsOf(role, via).filter((point) => !isSlow(point)));
    const points = quick.slice(0, Math.round(share * 0.75)).map((at) => killAt(chance, at));
    return chance.shuffled([...points, ...randomKills(chance, share - points.length)]);
  };
  return { via, dmz: of('dmz', Math.ceil(kills / 2)), inner: of('inner', Math.floor(kills / 2)) };
};

const randomKills = (chance: Chance, count: number): readonly Kill[] =>
  Array.from({ length: count }, () => ({ at: 'random', milliseconds: chance.whole(0, 1500) }));

/** A plan in one line a server. */
export const wordsFor = (plan: Plan): string =>
  (['dmz', 'inner'] as const)
    .map((role) => {
      const kills = plan[role].map((kill) =>
        kill.at === 'random' ? `${kill.milliseconds} ms` : `${kill.at}@${kill.passage}`,
      );
      return `${role}: ${kills.join(', ')}`;
    })
    .join('\n');
