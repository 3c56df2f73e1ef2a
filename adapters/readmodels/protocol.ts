/** What the read models' two threads say to each other. */
import type { Indexed, Position } from '../../domain/ports.ts';

/** A table as the projection wants it. */
export type TableSpec = { readonly name: string; readonly version: number; readonly indexes: readonly string[] };

/** A row to store: its key, its JSON, and its index values in the order of the table's indexes. Without JSON it is removed. */
export type RowChange = readonly [key: string, json: string | undefined, values: readonly Indexed[]];

/** A piece of SQL, without names or values from outside in its text. */
export type Sql = { readonly sql: string; readonly parameters: readonly Indexed[] };

/** A query, and the indexes by which it can be answered: that of each condition, with a count of what it finds, and that of its order. */
export type SqlQuery = {
  readonly select: string;
  readonly rest: Sql;
  readonly conditions: readonly { readonly index: string; readonly found: Sql }[];
  readonly order: string | undefined;
};

export type ModelRequest =
  | { readonly kind: 'open'; readonly table: TableSpec; readonly anew?: boolean }
  | { readonly kind: 'get'; readonly table: TableSpec; readonly keys: readonly string[] }
  | {
      readonly kind: 'put';
      readonly table: TableSpec;
      readonly rows: readonly RowChange[];
      readonly checkpoint: Position | undefined;
    }
  | { readonly kind: 'select'; readonly query: SqlQuery };

export type ModelResponse =
  | { readonly kind: 'opened'; readonly checkpoint: Position | undefined }
  | { readonly kind: 'rows'; readonly rows: readonly (readonly [key: string, json: string])[] }
  | { readonly kind: 'stored' }
  | { readonly kind: 'values'; readonly values: readonly (string | number)[] }
  | { readonly kind: 'full' };

/** What the worker is started with. */
export type ModelWorkerData = { readonly directory: string };
