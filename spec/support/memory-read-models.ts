/** Read models in memory: the same answers, nothing durable, no timers. */
import { left, right } from 'fp-ts/lib/Either.js';
import { checkedIndexed, checkSparse, modelSpecOf } from '../../adapters/readmodels/rows.ts';
import { temporary } from '../../domain/failure.ts';
import type { Indexed, Position, Query, ReadModels, Row, Table } from '../../domain/ports.ts';

/** A projection's rows and how far it has come. */
export type MemoryTable = {
  readonly version: number;
  readonly shape: string;
  /** Frozen: they are given to every asker. */
  readonly rows: Map<string, Row>;
  checkpoint: Position | undefined;
  passed: number;
};

const closed = left(temporary('unavailable', 'the read models are closed'));

const frozen = <A>(value: A): A => {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(frozen);
  return value;
};

/** As SQLite orders: null, then numbers, then text by code points. */
const compare = (a: Indexed, b: Indexed): number => {
  const rank = (value: Indexed): number => (value === null ? 0 : typeof value === 'number' ? 1 : 2);
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'string' && typeof b === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return rank(a) - rank(b);
};

const fits = (value: Indexed, condition: NonNullable<Query['where']>[string]): boolean => {
  if (typeof condition !== 'object' || condition === null) return value === condition;
  const { from = null, to = null } = condition;
  return value !== null && (from === null || compare(value, from) >= 0) && (to === null || compare(value, to) <= 0);
};

/** Makes read models in memory over `tables`; given those of closed ones they are these opened again. */
export const memoryReadModels = (tables = new Map<string, MemoryTable>()): ReadModels => {
  let isClosed = false;
  const opened = new Set<string>();
  const tableOf = ({ name }: Pick<Table, 'name'>): MemoryTable => {
    const table = tables.get(name);
    if (table === undefined || !opened.has(name))
      throw new Error(`the read model ${name} is used before it was opened`);
    return table;
  };
  const indexed = <R extends Row>(projection: Table<R>, index: string, row: R): Indexed => {
    const column = projection.indexes[index];
    if (column === undefined) throw new Error(`${projection.name} has no index ${index}`);
    return checkedIndexed(column(row), index, projection.name);
  };
  const found = <R extends Row>(projection: Table<R>, where: Query['where'] = {}): readonly [string, R][] => {
    const unknown = Object.keys(where).find((index) => !Object.hasOwn(projection.indexes, index));
    if (unknown !== undefined) throw new Error(`${projection.name} has no index ${unknown}`);
    const conditions = Object.entries(where);
    const rows: [string, R][] = [];
    for (const [key, row] of tableOf(projection).rows as Map<string, R>)
      if (conditions.every(([index, condition]) => fits(indexed(projection, index, row), condition)))
        rows.push([key, row]);
    return rows;
  };
  // Everything in one turn, but as promises, as with the real ones.
  const answer =
    <A>(run: () => A) =>
    async () => {
      await Promise.resolve();
      return isClosed ? closed : right(run());
    };

  return {
    open: (projection, { anew = false } = {}) =>
      answer(() => {
        const { name, version, tables: wanted } = modelSpecOf(projection);
        const shape = JSON.stringify(wanted);
        const before = tables.get(name);
        for (const table of wanted) opened.add(table.name);
        if (!anew && before?.version === version && before.shape === shape) return before.checkpoint;
        for (const table of wanted)
          tables.set(table.name, { version, shape, rows: new Map(), checkpoint: undefined, passed: 0 });
        return undefined;
      }),
    get: <R extends Row>(projection: Table<R>, keys: readonly string[]) =>
      answer(() => {
        const { rows } = tableOf(projection);
        return new Map(
          keys.flatMap((key): [string, R][] => {
            const row = rows.get(key);
            return row === undefined ? [] : [[key, row as R]];
          }),
        );
      }),
    put: (projection, changed, along) =>
      answer(() => {
        const store = (table: Table, rows: ReadonlyMap<string, Row | undefined>): void => {
          const { rows: stored } = tableOf(table);
          for (const [key, row] of rows) {
            if (row === undefined) stored.delete(key);
            else stored.set(key, frozen(JSON.parse(JSON.stringify(row)) as Row));
          }
        };
        const table = tableOf(projection);
        for (const row of changed.values())
          if (row !== undefined) for (const index of Object.keys(projection.indexes)) indexed(projection, index, row);
        store(projection, changed);
        for (const summary of projection.summaries ?? [])
          store(summary, along?.summaries?.get(summary.name) ?? new Map<string, Row>());
        table.checkpoint = along?.checkpoint ?? table.checkpoint;
        table.passed += along?.passed ?? 0;
      }),
    query: <R extends Row>(projection: Table<R>, query: Query) =>
      answer(() => {
        const { where, orderBy, descending, limit, offset = 0, after, keys } = query;
        if (![limit, offset].every((n) => Number.isSafeInteger(n) && n >= 0))
          throw new Error(`limit and offset must be whole numbers from 0, not ${limit} and ${offset}`);
        checkSparse(projection, where, orderBy);
        const sign = descending === true ? -1 : 1;
        const by = (row: R): Indexed => (orderBy === undefined ? null : indexed(projection, orderBy, row));
        const order = (key: string, value: Indexed, other: Indexed, otherKey: string): number =>
          sign * (compare(value, other) || compare(key, otherKey));
        return [...found(projection, where)]
          .filter(([key]) => keys === undefined || fits(key, keys))
          .filter(([key, row]) => after === undefined || order(key, by(row), after[0], after[1]) > 0)
          .sort(([a, one], [b, other]) => order(a, by(one), by(other), b))
          .slice(offset, offset + limit)
          .map(([, row]) => row);
      }),
    count: (projection, where) =>
      answer(() => {
        checkSparse(projection, where);
        return found(projection, where).length;
      }),
    state: (projection) =>
      answer(() => {
        const { rows, checkpoint, passed } = tableOf(projection);
        return { rows: rows.size, bytes: 0, checkpoint, passed };
      }),
    beside: (projection) =>
      answer(() => {
        const own = new Map<string, MemoryTable>();
        const models = memoryReadModels(own);
        return {
          models: {
            get: (table, keys) => () =>
              models
                .open(projection)()
                .then(() => models.get(table, keys)()),
            put:
              (...given) =>
              () =>
                models
                  .open(projection)()
                  .then(() => models.put(...given)()),
          },
          prepare: () => answer(() => undefined),
          adopt: () =>
            answer(() => {
              for (const [name, table] of own) tables.set(name, table);
            }),
          abandon: () => Promise.resolve(),
        };
      }),
    close: () => {
      isClosed = true;
      return Promise.resolve();
    },
  };
};

/** Read models that take nothing in while the disk is full. */
export const fullReadModels = (models: ReadModels, disk: { readonly full: boolean }): ReadModels => ({
  ...models,
  put:
    (...given) =>
    () =>
      disk.full ? Promise.resolve(left(temporary('noSpace', 'the disk is full'))) : models.put(...given)(),
});
