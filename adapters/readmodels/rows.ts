/** Rows of a projection as they are stored. */
import type { AnyProjection, Indexed, Query, Row, Rows, Table } from '../../domain/ports.ts';
import type { ModelSpec, TableChange, TableSpec } from './protocol.ts';

const specs = new WeakMap<Table['indexes'], TableSpec>();

/** A table as it is stored; the order of its indexes does not matter. */
export const tableSpecOf = ({ name, indexes, sparse = [] }: Table): TableSpec => {
  const known = specs.get(indexes);
  if (known?.name === name) return known;
  const spec = { name, indexes: Object.keys(indexes).sort(), sparse: [...sparse].sort() };
  specs.set(indexes, spec);
  return spec;
};

/** A projection's tables: its own first. */
export const modelSpecOf = (projection: AnyProjection): ModelSpec => ({
  name: projection.name,
  version: projection.version,
  tables: [projection, ...(projection.summaries ?? [])].map(tableSpecOf),
});

/** An index value is text, a finite number or null; whatever else a projection gives is a defect. */
export const checkedIndexed = (value: unknown, index: string, table: string): Indexed => {
  if (value === null || typeof value === 'string' || (typeof value === 'number' && Number.isFinite(value)))
    return value;
  throw new Error(
    `index ${index} of ${table} must be text, a finite number or null, not ${typeof value === 'number' ? String(value) : typeof value}`,
  );
};

/** Refuses what no sparse index can answer. */
export const checkSparse = ({ name, sparse = [] }: Table, where: Query['where'] = {}, orderBy?: string): void => {
  for (const index of sparse)
    if (where[index] === null || (orderBy === index && where[index] === undefined))
      throw new Error(`few rows of ${name} have ${index}: say a condition on it`);
};

/** Rows with their index values, or their removals. */
export const changesOf = <R extends Row>(table: Table<R>, rows: Rows<R>): TableChange => {
  const spec = tableSpecOf(table);
  const columns = spec.indexes.map((index) => [index, table.indexes[index]] as const);
  const [removed, stored]: [string[], Indexed[]] = [[], []];
  for (const [key, row] of rows) {
    if (row === undefined) {
      removed.push(key);
      continue;
    }
    stored.push(key, JSON.stringify(row));
    for (const [index, of] of columns) stored.push(checkedIndexed(of?.(row), index, table.name));
  }
  return { table: spec, removed, rows: stored };
};
