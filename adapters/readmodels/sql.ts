/** Tables and queries of read models as SQL. Names come from code only, and are checked all the same. */
import type { Indexed, Query } from '../../domain/ports.ts';
import type { SqlQuery, TableSpec } from './protocol.ts';

const nameOf = (prefix: string, name: string): string => {
  if (!/^[a-z][A-Za-z0-9_-]{0,62}$/.test(name))
    throw new Error(`"${name.slice(0, 80)}" cannot name a read model or an index`);
  return `"${prefix}_${name}"`;
};

/** The table of a projection. */
export const tableOf = (table: TableSpec): string => nameOf('p', table.name);
const columnOf = (table: TableSpec, index: string): string => {
  if (!table.indexes.includes(index)) throw new Error(`${table.name} has no index ${index}`);
  return nameOf('i', index);
};

// Index names share one space; a dot stands in no name of ours, so none can be read two ways.
const indexOf = (table: TableSpec, index: string): string => `"x_${table.name}.${index}"`;

/** Drops the table and makes it anew. Each index ends with the key, so that a page in its order is read, not sorted. */
export const createTable = (table: TableSpec): string => {
  const name = tableOf(table);
  const columns = table.indexes.map((index) => columnOf(table, index));
  return [
    `DROP TABLE IF EXISTS ${name}`,
    `CREATE TABLE ${name} (key TEXT NOT NULL PRIMARY KEY, row TEXT NOT NULL${columns.map((column) => `, ${column}`).join('')})`,
    ...table.indexes.map(
      (index) => `CREATE INDEX ${indexOf(table, index)} ON ${name} (${columnOf(table, index)}, key)`,
    ),
  ].join(';\n');
};

/** Inserts or replaces one row: key, row, then the index values. */
export const upsertRow = (table: TableSpec): string => {
  const columns = ['key', 'row', ...table.indexes.map((index) => columnOf(table, index))];
  const updates = columns.slice(1).map((column) => `${column} = excluded.${column}`);
  return `INSERT INTO ${tableOf(table)} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})
          ON CONFLICT (key) DO UPDATE SET ${updates.join(', ')}`;
};

const isRange = (
  condition: Indexed | { readonly from?: Indexed; readonly to?: Indexed },
): condition is { readonly from?: Indexed; readonly to?: Indexed } =>
  typeof condition === 'object' && condition !== null;

const whereOf = (table: TableSpec, where: Query['where'] = {}): SqlQuery => {
  const terms = Object.entries(where).flatMap(([index, condition]): SqlQuery[] => {
    const column = columnOf(table, index);
    if (condition === null) return [{ sql: `${column} IS NULL`, parameters: [] }];
    if (!isRange(condition)) return [{ sql: `${column} = ?`, parameters: [condition] }];
    return [
      { sql: `${column} IS NOT NULL`, parameters: [] },
      ...(condition.from == null ? [] : [{ sql: `${column} >= ?`, parameters: [condition.from] }]),
      ...(condition.to == null ? [] : [{ sql: `${column} <= ?`, parameters: [condition.to] }]),
    ];
  });
  return {
    sql: terms.length === 0 ? '' : ` WHERE ${terms.map(({ sql }) => sql).join(' AND ')}`,
    parameters: terms.flatMap(({ parameters }) => parameters),
  };
};

const count = (what: string, n: number): number => {
  if (!Number.isSafeInteger(n) || n < 0) throw new Error(`${what} must be a whole number from 0, not ${n}`);
  return n;
};

/** A page of rows. Refuses an unknown index, and a limit or offset that is no whole number. */
export const selectRows = (table: TableSpec, query: Query): SqlQuery => {
  const { sql, parameters } = whereOf(table, query.where);
  const direction = query.descending === true ? 'DESC' : 'ASC';
  const order = [...(query.orderBy === undefined ? [] : [columnOf(table, query.orderBy)]), 'key'];
  return {
    sql: `SELECT row FROM ${tableOf(table)}${sql} ORDER BY ${order.map((column) => `${column} ${direction}`).join(', ')} LIMIT ? OFFSET ?`,
    parameters: [...parameters, count('limit', query.limit), count('offset', query.offset ?? 0)],
  };
};

/** How many rows there are. */
export const countRows = (table: TableSpec, where: Query['where']): SqlQuery => {
  const { sql, parameters } = whereOf(table, where);
  return { sql: `SELECT count(*) FROM ${tableOf(table)}${sql}`, parameters };
};
