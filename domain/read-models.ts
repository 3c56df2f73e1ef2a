/** Read models: pure folds of the log into rows that can be queried, and the port that stores them. */
import type { JsonObject, LoggedEvent, Position } from './event.ts';
import type { Attempt } from './failure.ts';

/** A row of a read model. */
export type Row = JsonObject;

/** A value that an index can hold. */
export type Indexed = string | number | null;

// As a method, so that a table of any rows is a table.
type IndexOf<R extends Row> = { of(row: R): Indexed }['of'];

/** Rows by key, and the columns that queries may use. */
export type Table<R extends Row = Row> = {
  readonly name: string;
  readonly indexes: Readonly<Record<string, IndexOf<R>>>;
  /** Those that few rows have a value of: a query by one of them, or in its order, finds only these, and must say a condition on it. */
  readonly sparse?: readonly string[];
};

/** A read model: a pure fold of the log into rows by key. */
export type Projection<R extends Row = Row> = Table<R> & {
  /** Raised whenever the fold, the row or a summary changes: the rows are then built anew. */
  readonly version: number;
  /** The row that an event concerns, if any. */
  readonly keyOf: (event: LoggedEvent) => string | undefined;
  /** The row after the event; undefined removes it. */
  readonly fold: (row: R | undefined, event: LoggedEvent) => R | undefined;
  /** The same for a row that nobody else has, which it may change and give back: for those who fold millions. */
  readonly foldInto?: (row: R, event: LoggedEvent) => R | undefined;
  /** Is there certainly no row before this event? Then none is looked for. */
  readonly begins?: (event: LoggedEvent) => boolean;
  /** What was marked in the live row beside its fold, taken over into the one that is built anew. */
  readonly carry?: { readonly wants: (row: R) => boolean; readonly over: (row: R, live: R) => R };
  /** Tables counted from the changes of its rows, kept in the same transaction. */
  readonly summaries?: readonly Summary<R>[];
};

/** A table that is counted from the changes of another read model's rows. */
export type Summary<R extends Row = Row, S extends Row = Row> = Table<S> & {
  /** The rows that a change concerns. */
  keysOf(change: Change<R>): readonly string[];
  /** The row after the change. */
  count(row: S | undefined, change: Change<R>, key: string): S;
};

/** A row before and after; no row before means that it is new. */
export type Change<R extends Row> = { readonly before: R | undefined; readonly after: R };

/** A projection whatever its rows: what can be run, but not queried. */
export type AnyProjection = Omit<Projection, 'fold' | 'foldInto' | 'carry'> & {
  readonly fold: (row: undefined, event: LoggedEvent) => Row | undefined;
  readonly foldInto?: (row: never, event: LoggedEvent) => Row | undefined;
  readonly carry?: { readonly wants: (row: never) => boolean; readonly over: (row: never, live: never) => Row };
};

/** Conditions on one index, all of which must hold; ordered by `orderBy`, then key. */
export type Query = {
  /** The keys between these two, which are counted in. */
  readonly keys?: { readonly from: string; readonly to: string };
  readonly where?: Readonly<Record<string, Indexed | { readonly from?: Indexed; readonly to?: Indexed }>>;
  readonly orderBy?: string;
  readonly descending?: boolean;
  readonly limit: number;
  readonly offset?: number;
  /** Goes on behind a row: its value of `orderBy`, which it needs, and its key. Costs the same however far behind it is. */
  readonly after?: readonly [value: string | number, key: string];
};

/** Changed rows of one table; undefined removes a row. */
export type Rows<R extends Row = Row> = ReadonlyMap<string, R | undefined>;

/** What is put beside the rows: how far they have come, over how many more events, and the rows of the summaries, by name. */
export type Along = {
  readonly checkpoint: Position;
  readonly passed?: number;
  readonly summaries?: ReadonlyMap<string, Rows>;
};

/** How a stored read model is. */
export type ModelState = {
  readonly rows: number;
  readonly bytes: number;
  readonly checkpoint: Position | undefined;
  /** Over how many events of the log it has come. */
  readonly passed: number;
};

/** Rows of read models and, in the same transaction, how far each has come. May lose the newest rows in a crash, never its order. */
export interface ReadModels {
  /** Prepares the tables; rows of another version are dropped, and with `anew` all. Answers the checkpoint to go on after. */
  open<R extends Row>(projection: Projection<R>, options?: { readonly anew?: boolean }): Attempt<Position | undefined>;
  get<R extends Row>(table: Table<R>, keys: readonly string[]): Attempt<ReadonlyMap<string, R>>;
  put<R extends Row>(projection: Projection<R>, rows: Rows<R>, along?: Along): Attempt<void>;
  query<R extends Row>(table: Table<R>, query: Query): Attempt<readonly R[]>;
  count<R extends Row>(table: Table<R>, where?: Query['where']): Attempt<number>;
  state(projection: AnyProjection): Attempt<ModelState>;
  /** A store of its own for the rows of this projection, empty; what an earlier one left is removed. */
  beside<R extends Row>(projection: Projection<R>): Attempt<Beside>;
  close(): Promise<void>;
}

/** Rows that are built anew beside the live ones. */
export type Beside = {
  readonly models: Pick<ReadModels, 'get' | 'put'>;
  /** Makes them ready to be queried, before the last of them are put: what takes long. */
  prepare(): Attempt<void>;
  /** Puts them in the place of the live ones, all at once; the live ones are gone then. */
  adopt(): Attempt<void>;
  /** Removes them, unless they were adopted. */
  abandon(): Promise<void>;
};
