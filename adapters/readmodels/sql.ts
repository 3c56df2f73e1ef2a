/** Tables and queries of read models as SQL. Names come from code only, and are checked all the same. */
import type { Indexed, Query } from '../../domain/ports.ts';
import type { Sql, SqlQuery, TableSpec } from './protocol.ts';

/** Up to so many rows are sorted for a page; beyond, the index of the order is read instead. */
const crowded = 5_000;

const nameOf = (prefix: string, name: string): string => {
  if (!/^[a-z][A-Za-z0-9_-]{0,62}$/.test(name))
    throw new Error(`"${name.slice(0, 80)}" cannot name a read model or an index`);
  return `"${prefix}_${name}"`;
};

/** The table's name. */
export const tableOf = (table: TableSpec): string => nameOf('p', table.name);
const columnOf = (table: TableSpec, index: string): string => {
  if (!table.indexes.includes(index)) throw new Error(`${table.name} has no index ${index}`);
  return nameOf('i', index);
};

// Index names share one space; a dot stands in no name of ours, so none can be read two ways.
const indexOf = (table: TableSpec, index: string): string => `"x_${table.name}.${index}"`;

/** Makes the table, without its indexes. */
export const createTable = (table: TableSpec): string => {
  const name = tableOf(table);
  const columns = table.indexes.map((index) => columnOf(table, index));
  return `CREATE TABLE ${name} (key TEXT NOT NULL PRIMARY KEY, row TEXT NOT NULL${columns.map((column) => `, ${column}`).join('')})`;
};

/** Makes its indexes: of few rows, and of all. Each ends with the key, so that a page in its order is read, not sorted. */
export const createIndexes = (
  table: TableSpec,
): { readonly few: readonly string[]; readonly all: readonly string[] } => {
  const create = (index: string, some = ''): string =>
    `CREATE INDEX ${indexOf(table, index)} ON ${tableOf(table)} (${columnOf(table, index)}, key)${some}`;
  const isSparse = (index: string): boolean => table.sparse.includes(index);
  return {
    few: table.indexes.filter(isSparse).map((index) => create(index, ` WHERE ${columnOf(table, index)} IS NOT NULL`)),
    all: table.indexes.filter((index) => !isSparse(index)).map((index) => create(index)),
  };
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

const termOf = (table: TableSpec, index: string, condition: NonNullable<Query['where']>[string]): Sql => {
  const column = columnOf(table, index);
  if (condition === null) return { sql: `${column} IS NULL`, parameters: [] };
  if (!isRange(condition)) return { sql: `${column} = ?`, parameters: [condition] };
  const { from = null, to = null } = condition;
  return {
    sql: `${column} IS NOT NULL${from === null ? '' : ` AND ${column} >= ?`}${to === null ? '' : ` AND ${column} <= ?`}`,
    parameters: [from, to].filter((bound) => bound !== null),
  };
};

const termOfKeys = (keys: Query['keys']): readonly Sql[] =>
  keys === undefined ? [] : [{ sql: 'key >= ? AND key <= ?', parameters: [keys.from, keys.to] }];

const whereOf = (
  table: TableSpec,
  where: Query['where'] = {},
  keys?: Query['keys'],
): Sql & Pick<SqlQuery, 'conditions'> => {
  const terms = Object.entries(where).map(([index, condition]) => ({ index, term: termOf(table, index, condition) }));
  const all = [...terms.map(({ term }) => term), ...termOfKeys(keys)];
  return {
    sql: all.length === 0 ? '' : ` WHERE ${all.map(({ sql }) => sql).join(' AND ')}`,
    parameters: all.flatMap(({ parameters }) => parameters),
    conditions: terms.map(({ index, term }) => ({
      index: indexOf(table, index),
      found: {
        sql: `SELECT count(*) AS n FROM (SELECT 1 FROM ${tableOf(table)} WHERE ${term.sql} LIMIT ${crowded + 1})`,
        parameters: term.parameters,
      },
    })),
  };
};

const count = (what: string, n: number): number => {
  if (!Number.isSafeInteger(n) || n < 0) throw new Error(`${what} must be a whole number from 0, not ${n}`);
  return n;
};

/** The conditions of a query that goes on behind a row: its range begins there, so that what lies before is not read. */
const behind = (table: TableSpec, { where, orderBy, descending, after }: Query): Query['where'] => {
  if (after === undefined) return where;
  if (orderBy === undefined) throw new Error(`a page of ${table.name} goes on in an order only`);
  const given = where?.[orderBy];
  const range = given !== undefined && isRange(given) ? given : {};
  return { ...where, [orderBy]: { ...range, [descending === true ? 'to' : 'from']: after[0] } };
};

const afterOf = (table: TableSpec, { orderBy, descending, after }: Query): Sql =>
  after === undefined
    ? { sql: '', parameters: [] }
    : {
        sql: ` AND (${columnOf(table, orderBy ?? '')}, key) ${descending === true ? '<' : '>'} (?, ?)`,
        parameters: after,
      };

/** A page of rows. Refuses an unknown index, and a limit or offset that is no whole number. */
export const selectRows = (table: TableSpec, query: Query): SqlQuery => {
  const { sql, parameters, conditions } = whereOf(table, behind(table, query), query.keys);
  const rest = afterOf(table, query);
  const { orderBy } = query;
  const direction = query.descending === true ? 'DESC' : 'ASC';
  const order = [...(orderBy === undefined ? [] : [columnOf(table, orderBy)]), 'key'];
  return {
    select: `SELECT row FROM ${tableOf(table)}`,
    rest: {
      sql: `${sql}${rest.sql} ORDER BY ${order.map((column) => `${column} ${direction}`).join(', ')} LIMIT ? OFFSET ?`,
      parameters: [...parameters, ...rest.parameters, count('limit', query.limit), count('offset', query.offset ?? 0)],
    },
    conditions,
    order: orderBy === undefined ? undefined : indexOf(table, orderBy),
  };
};

/** How many rows there are. */
export const countRows = (table: TableSpec, where: Query['where']): SqlQuery => {
  const { sql, parameters, conditions } = whereOf(table, where);
  return { select: `SELECT count(*) FROM ${tableOf(table)}`, rest: { sql, parameters }, conditions, order: undefined };
};

/**
 * The whole SQL, by the index that reads least: that of the condition that finds fewest rows, or, where each finds many,
 * that of the order, so that a page of many is read until it is full and not sorted. SQLite alone guesses both wrongly.
 */
export const planned = ({ select, rest, conditions, order }: SqlQuery, countOf: (found: Sql) => number): Sql => {
  const indexes = new Set([...conditions.map(({ index }) => index), ...(order === undefined ? [] : [order])]);
  const [only] = indexes;
  const counted = indexes.size < 2 ? [] : conditions.map(({ index, found }) => ({ index, rows: countOf(found) }));
  const [least] = counted.sort((a, b) => a.rows - b.rows);
  const crowd = least === undefined || least.rows > crowded;
  const best = indexes.size === 1 ? only : crowd ? (order ?? least?.index) : least.index;
  return { sql: `${select}${best === undefined ? '' : ` INDEXED BY ${best}`}${rest.sql}`, parameters: rest.parameters };
};
