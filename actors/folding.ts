/** Events into the rows of one read model: folded in memory, written together with what is counted from their changes. */

import type { Attempt } from '../domain/failure.ts';
import type { Along, Change, LoggedEvent, Position, Projection, ReadModels, Row, Summary } from '../domain/ports.ts';

/** Runs an attempt until it is done, or throws. */
export type Patiently = <A>(attempt: Attempt<A>) => Promise<A>;

/** The folding of one read model. Its methods must be called in turn. */
export type Folding = {
  readonly projection: Projection;
  /** How far it has come. */
  checkpoint: Position | undefined;
  /** Folds what comes after the checkpoint. */
  fold(events: readonly LoggedEvent[]): Promise<void>;
  /** How many rows wait to be written, and how many events were passed since the last time. */
  pending(): { readonly rows: number; readonly passed: number };
  /** Writes them, and how far it has come. */
  flush(): Promise<void>;
};

/** A row as it is stored, and as it is by now. */
type Held = { readonly stored: Row | undefined; now: Row | undefined };

/** What it writes to, and how many rows it keeps in memory when they are written: none where others change them, too. */
export type FoldingNeeds = {
  readonly models: Pick<ReadModels, 'get' | 'put'>;
  readonly patiently: Patiently;
  readonly kept: number;
  /** The live rows, for what was marked in them beside their fold. */
  readonly live?: Pick<ReadModels, 'get'>;
};

/** Starts folding after a checkpoint. */
export const folding = (needs: FoldingNeeds, projection: Projection, from: Position | undefined): Folding => {
  const { models, patiently } = needs;
  let held = new Map<string, Held>();
  const dirty = new Set<string>();
  let passed = 0;

  const load = async (keys: readonly string[]): Promise<void> => {
    const missing = keys.filter((key) => !held.has(key));
    if (missing.length === 0) return;
    const got = await patiently(models.get(projection, missing));
    for (const key of missing) {
      const row = got.get(key);
      held.set(key, { stored: row, now: row });
    }
  };

  const carryOver = async (): Promise<void> => {
    const { carry } = projection;
    if (carry === undefined || needs.live === undefined) return;
    const wanting = [...dirty].filter((key) => wants(carry, held.get(key)?.now));
    const live = await patiently(needs.live.get(projection, wanting));
    for (const key of wanting) {
      const [mine, its] = [held.get(key), live.get(key)];
      if (mine?.now !== undefined && its !== undefined) mine.now = carry.over(mine.now, its);
    }
  };

  return {
    projection,
    checkpoint: from,
    async fold(events) {
      const { checkpoint } = this;
      const fresh = events.filter((event) => checkpoint === undefined || event.position > checkpoint);
      const last = fresh.at(-1);
      if (last === undefined) return;
      const keys = fresh.map((event) => projection.keyOf(event));
      await load([...new Set(keys.filter((key) => key !== undefined))]);
      for (const [i, event] of fresh.entries()) {
        const key = keys[i];
        const row = key === undefined ? undefined : held.get(key);
        if (key === undefined || row === undefined) continue;
        const after = projection.fold(row.now, event);
        if (after === row.now) continue;
        row.now = after;
        dirty.add(key);
      }
      this.checkpoint = last.position;
      passed += fresh.length;
      if (needs.kept === 0 && dirty.size === 0) held.clear();
    },
    pending: () => ({ rows: dirty.size, passed }),
    async flush() {
      const { checkpoint } = this;
      if (checkpoint === undefined || passed === 0) return;
      await carryOver();
      const changed = [...dirty].map((key) => [key, held.get(key)] as const);
      const rows = new Map(changed.map(([key, row]) => [key, row?.now]));
      const changes = changed.flatMap(([, row]): readonly Change<Row>[] =>
        row?.now === undefined ? [] : [{ before: row.stored, after: row.now }],
      );
      const along: Along = { checkpoint, passed, summaries: await summed(needs, projection, changes) };
      await patiently(models.put(projection, rows, along));
      passed = 0;
      dirty.clear();
      for (const [key, row] of changed) {
        held.delete(key);
        held.set(key, { stored: row?.now, now: row?.now });
      }
      held = new Map(needs.kept === 0 ? [] : [...held].slice(-needs.kept));
    },
  };
};

const wants = (carry: NonNullable<Projection['carry']>, row: Row | undefined): boolean =>
  row !== undefined && carry.wants(row);

/** The rows of the summaries after these changes. */
const summed = async (
  { models, patiently }: FoldingNeeds,
  projection: Projection,
  changes: readonly Change<Row>[],
): Promise<ReadonlyMap<string, ReadonlyMap<string, Row>>> => {
  const all = new Map<string, ReadonlyMap<string, Row>>();
  for (const summary of projection.summaries ?? [])
    all.set(summary.name, await counted(models, patiently, summary, changes));
  return all;
};

const counted = async (
  models: FoldingNeeds['models'],
  patiently: Patiently,
  summary: Summary,
  changes: readonly Change<Row>[],
): Promise<ReadonlyMap<string, Row>> => {
  const keyed = changes.map((change) => ({ change, keys: summary.keysOf(change) }));
  const keys = [...new Set(keyed.flatMap((each) => each.keys))];
  if (keys.length === 0) return new Map();
  const rows = new Map(await patiently(models.get(summary, keys)));
  for (const { change, keys: its } of keyed)
    for (const key of its) rows.set(key, summary.count(rows.get(key), change, key));
  return rows;
};
