/** What the read models' two threads say to each other. */
import type { Indexed, ModelState, Position } from '../../domain/ports.ts';

/** A table as it is queried; `sparse` are those of its indexes that hold no nulls. */
export type TableSpec = {
  readonly name: string;
  readonly indexes: readonly string[];
  readonly sparse: readonly string[];
};

/** A read model's tables as the projection wants them: its own, then those of its summaries. */
export type ModelSpec = { readonly name: string; readonly version: number; readonly tables: readonly TableSpec[] };

/**
 * Changed rows of one table: the keys of those that are removed; of the others one after the other the key, the JSON, and
 * the index values in the order of the table's indexes, all in one list, since that is what threads give each other fast.
 */
export type TableChange = {
  readonly table: TableSpec;
  readonly removed: readonly string[];
  readonly rows: readonly Indexed[];
};

/** A piece of SQL, without names or values from outside in its text. */
export type Sql = { readonly sql: string; readonly parameters: readonly Indexed[] };

/** A query, and the indexes by which it can be answered: that of each condition, with a count of what it finds, and that of its order. */
export type SqlQuery = {
  readonly select: string;
  readonly rest: Sql;
  readonly conditions: readonly { readonly index: string; readonly found: Sql }[];
  readonly order: string | undefined;
};

/** What is asked of one model's tables. */
export type TableRequest =
  | { readonly kind: 'open'; readonly spec: ModelSpec; readonly anew?: boolean }
  | { readonly kind: 'get'; readonly table: TableSpec; readonly keys: readonly string[] }
  | {
      readonly kind: 'put';
      readonly changes: readonly TableChange[];
      readonly checkpoint: Position | undefined;
      readonly passed: number;
    }
  | { readonly kind: 'prepare' }
  | { readonly kind: 'select'; readonly query: SqlQuery }
  | { readonly kind: 'state'; readonly table: TableSpec };

/** `adopt`: the file at this path takes the place of the model's own. */
export type ModelRequest = { readonly model: string; readonly request: TableRequest | Adopt };
type Adopt = { readonly kind: 'adopt'; readonly file: string };

export type ModelResponse =
  | { readonly kind: 'opened'; readonly checkpoint: Position | undefined }
  | { readonly kind: 'rows'; readonly rows: readonly (readonly [key: string, json: string])[] }
  | { readonly kind: 'stored' }
  | { readonly kind: 'values'; readonly values: readonly (string | number)[] }
  | { readonly kind: 'state'; readonly state: ModelState }
  | { readonly kind: 'full' };

/** What the worker is started with. `bulk`: what is written is worth nothing before it is complete. */
export type ModelWorkerData = { readonly directory: string; readonly bulk: boolean };
