/** Where a server's time went, by the CPU profile that Node writes of its main thread. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A profile as V8 writes it, as far as it is read here. */
export type CpuProfile = {
  readonly nodes: readonly ProfileNode[];
  readonly samples: readonly number[];
  /** Microseconds, by the clock of `now`. */
  readonly startTime: number;
  /** Microseconds from the sample before. */
  readonly timeDeltas: readonly number[];
};
type ProfileNode = {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string };
  readonly children?: readonly number[];
};

/**
 * A function and the seconds that were spent in it itself, not in what it calls; `share` is of all that was not idle.
 * What belongs to Node itself is told apart by the file, ours or a library's, that called it.
 */
export type SelfTime = {
  readonly name: string;
  readonly file: string;
  readonly seconds: number;
  readonly share: number;
};

/** A span of time, microseconds by the clock of `now`. */
export type Span = { readonly from: number; readonly to: number };

/** The system's monotonic clock in microseconds, which all processes share, and by which V8 dates its samples. */
export const now = (): number => Number(process.hrtime.bigint() / 1000n);

/** All profiles of a directory. */
export const readProfiles = async (directory: string): Promise<readonly CpuProfile[]> => {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.cpuprofile'));
  if (names.length === 0) throw new Error(`no profile was written to ${directory}`);
  return Promise.all(
    names.map(async (name) => JSON.parse(await readFile(join(directory, name), 'utf8')) as CpuProfile),
  );
};

/** The functions with the most self time within a span, over all profiles together. */
export const topSelfTimes = (profiles: readonly CpuProfile[], span: Span, count: number): readonly SelfTime[] => {
  const spent = new Map<string, { readonly name: string; readonly file: string; seconds: number }>();
  for (const { nodes, startTime, samples, timeDeltas } of profiles) {
    let at = startTime;
    const names = namesOf(nodes);
    samples.forEach((sample, i) => {
      const delta = timeDeltas[i] ?? 0;
      at += delta;
      if (at < span.from || at > span.to) return;
      const { name, file } = names.get(sample) ?? unknown;
      if (name === '(idle)') return;
      const row = spent.get(`${name} ${file}`) ?? { name, file, seconds: 0 };
      row.seconds += delta / 1e6;
      spent.set(`${name} ${file}`, row);
    });
  }
  const rows = [...spent.values()].sort((a, b) => b.seconds - a.seconds);
  const all = rows.reduce((sum, row) => sum + row.seconds, 0);
  return rows.slice(0, count).map((row) => ({ ...row, share: row.seconds / all }));
};

type Named = Pick<SelfTime, 'name' | 'file'>;
const unknown: Named = { name: '(unknown)', file: '' };

const namesOf = (nodes: readonly ProfileNode[]): ReadonlyMap<number, Named> => {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const names = new Map<number, Named>();
  const visit = (node: ProfileNode, caller: string): void => {
    const { functionName, url } = node.callFrame;
    const ours = url.startsWith('file:') ? fileOf(url) : undefined;
    const file = ours ?? `${url}${caller === '' ? '' : ` ← ${caller}`}`.trim();
    names.set(node.id, { name: functionName || '(anonymous)', file });
    for (const id of node.children ?? []) {
      const child = byId.get(id);
      if (child !== undefined) visit(child, ours ?? caller);
    }
  };
  const called = new Set(nodes.flatMap((node) => node.children ?? []));
  for (const node of nodes) if (!called.has(node.id)) visit(node, '');
  return names;
};

const fileOf = (url: string): string => url.replace(/^.*\/(?=node_modules\/)/, '').replace(/^file:.*\/dist\//, '');
