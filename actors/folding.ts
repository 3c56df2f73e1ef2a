/** Events into the rows of one read model: folded in memory, written together with what is counted from their changes. */

import type { Attempt } from '../domain/failure.ts';
import type { Change, LoggedEvent, Position, Projection, ReadModels, Row, Summary } from '../domain/ports.ts';

/** Runs an attempt until it is done, or throws. */
export type Patiently = <A>(attempt: Attempt<A>) => Promise<A>;

/** The folding of one read model. Its methods must be called in turn, but for folding while a flush runs. */
export type Folding = {
  readonly projection: Projection;
  /** How far it has come. */
  checkpoint: Position | undefined;
  /** Folds what comes after the checkpoint. */
  fold(events: readonly LoggedEvent[]): Promise<void>;
  /** How many rows wait to be written, and how many events were passed since the last time. */
  pending(): { readonly rows: number; readonly passed: number };
  /** Writes them, or only so many that have waited longest, and how far it has come. */
  flush(most?: number): Promise<void>;
};

/** A row as it is stored, and as it is by now; `own` where nobody else has what it is by now. */
type Held = { stored: Row | undefined; now: Row | undefined; own: boolean };
type Keyed = { readonly key: string; readonly event: LoggedEvent };
type Changed = { readonly key: string; readonly before: Row | undefined; readonly after: Row | undefined };

/** What it writes to. */
export type FoldingNeeds = {
  readonly models: Pick<ReadModels, 'get' | 'put'>;
  readonly patiently: Patiently;
  /** The live rows, for what was marked in them beside their fold. */
  readonly live?: Pick<ReadModels, 'get'>;
};

/** Starts folding after a checkpoint. */
export const folding = (needs: FoldingNeeds, projection: Projection, from: Position | undefined): Folding => {
  const { models, patiently } = needs;
  const held = new Map<string, Held>();
  /** Held and not written as they are, those that have waited longest first. */
  const dirty = new Set<string>();
  /** Held, and as stored when last looked at: forgotten unless they have changed since. */
  const settled = new Set<string>();
  let passed = 0;
  let inUse = 0;

  const hold = (key: string, row: Row | undefined): void => {
    held.set(key, { stored: row, now: row, own: false });
    settled.add(key);
  };

  const load = async (keyed: readonly Keyed[]): Promise<void> => {
    const missing = new Set<string>();
    for (const { key, event } of keyed) {
      if (held.has(key)) continue;
      if (projection.begins?.(event) === true) hold(key, undefined);
      else missing.add(key);
    }
    if (missing.size === 0) return;
    const got = await patiently(models.get(projection, [...missing]));
    for (const key of missing) if (!held.has(key)) hold(key, got.get(key));
  };

  const carried = async (changed: readonly Changed[]): Promise<readonly Changed[]> => {
    const { carry } = projection;
    if (carry === undefined || needs.live === undefined) return changed;
    const wanting = changed.flatMap(({ key, after }) => (after !== undefined && carry.wants(after) ? [key] : []));
    const live = await patiently(needs.live.get(projection, wanting));
    return changed.map((each) => {
      const its = live.get(each.key);
      return its === undefined || each.after === undefined ? each : { ...each, after: carry.over(each.after, its) };
    });
  };

  /** What has changed; from here on it counts as stored, so that the folding may go on while it is written. */
  const takeChanged = (most: number): readonly Changed[] => {
    const changed: Changed[] = [];
    for (const key of dirty) {
      if (changed.length >= most) break;
      const row = held.get(key);
      if (row === undefined) throw new Error(`the row ${key} of ${projection.name} is lost`);
      dirty.delete(key);
      settled.add(key);
      // What came and went in between was never stored.
      if (row.stored !== row.now) changed.push({ key, before: row.stored, after: row.now });
      row.stored = row.now;
      row.own = false;
    }
    passed = 0;
    return changed;
  };

  const change = (key: string, event: LoggedEvent): void => {
    const row = held.get(key);
    if (row === undefined) throw new Error(`the row ${key} of ${projection.name} was not loaded`);
    if (row.own && row.now !== undefined && projection.foldInto !== undefined) {
      row.now = projection.foldInto(row.now, event);
      return;
    }
    const after = projection.fold(row.now, event);
    if (after === row.now) return;
    row.now = after;
    row.own = true;
    dirty.add(key);
  };

  /** Runs what holds rows: a fold, or a flush until they are written. Once neither runs, what is stored is forgotten: others may change it there, too. */
  const holding = async (work: () => Promise<void>): Promise<void> => {
    inUse += 1;
    try {
      await work();
    } finally {
      inUse -= 1;
    }
    if (inUse > 0) return;
    for (const key of settled) if (!dirty.has(key)) held.delete(key);
    settled.clear();
  };

  return {
    projection,
    checkpoint: from,
    async fold(events) {
      const { checkpoint } = this;
      const isFresh = (event: LoggedEvent): boolean => checkpoint === undefined || event.position > checkpoint;
      const fresh = events[0] !== undefined && isFresh(events[0]) ? events : events.filter(isFresh);
      const last = fresh.at(-1);
      if (last === undefined) return;
      const keyed: Keyed[] = [];
      for (const event of fresh) {
        const key = projection.keyOf(event);
        if (key !== undefined) keyed.push({ key, event });
      }
      await holding(async () => {
        await load(keyed);
        for (const { key, event } of keyed) change(key, event);
      });
      this.checkpoint = last.position;
      passed += fresh.length;
    },
    pending: () => ({ rows: dirty.size, passed }),
    async flush(most = Number.POSITIVE_INFINITY) {
      const { checkpoint } = this;
      if (checkpoint === undefined || (passed === 0 && dirty.size === 0)) return;
      const along = { checkpoint, passed };
      await holding(async () => {
        const changed = await carried(takeChanged(most));
        const rows = new Map(changed.map(({ key, after }) => [key, after]));
        const changes = changed.flatMap(({ before, after }): readonly Change<Row>[] =>
          after === undefined ? [] : [{ before, after }],
        );
        const summaries = await summed(needs, projection, changes);
        await patiently(models.put(projection, rows, { ...along, summaries }));
      });
    },
  };
};

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
