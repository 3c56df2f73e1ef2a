/** Opening SQLite databases: the only module that knows the driver. */
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { faultPoint } from './fault-point.ts';

export type Database = InstanceType<typeof DatabaseSync>;
export type Statement = ReturnType<Database['prepare']>;

const syncDirectory = (directory: string): void => {
  const handle = openSync(directory, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
};

/** Opens or makes a database in WAL mode; `FULL` syncs every commit, `NORMAL` may lose the newest ones in a power cut. */
export const openDatabase = (directory: string, name: string, synchronous: 'FULL' | 'NORMAL'): Database => {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const db = new DatabaseSync(join(directory, name), { timeout: 5_000, defensive: true });
  try {
    db.exec(`PRAGMA journal_mode = WAL;
             PRAGMA synchronous = ${synchronous};
             PRAGMA fullfsync = ON;
             PRAGMA checkpoint_fullfsync = ON;
             PRAGMA journal_size_limit = 67108864;
             PRAGMA cache_size = -16384;
             PRAGMA temp_store = MEMORY;`);
  } catch (error) {
    db.close();
    throw error;
  }
  faultPoint('database.directory.before');
  syncDirectory(directory);
  syncDirectory(dirname(resolve(directory)));
  faultPoint('database.directory.after');
  return db;
};

/** Opens a database only to read it, also beside the server that writes it; a read holds up nobody. Throws where there is none. */
export const openToRead = (directory: string, name: string): Database => {
  const path = join(directory, name);
  if (!existsSync(path)) throw new Error(`there is no ${path}`);
  return new DatabaseSync(path, { timeout: 5_000, defensive: true, readOnly: true });
};

/**
 * Brings a database to the last of these schema versions: the first makes it from nothing, each further one changes what
 * the one before it made. Refuses a newer database: an older program must not write what it does not understand.
 */
export const ensureSchema = (db: Database, what: string, versions: readonly string[]): void => {
  const { user_version: found } = db.prepare('PRAGMA user_version').get() as { user_version: number };
  if (found === versions.length) return;
  if (found > versions.length)
    throw new Error(
      `${what} has schema version ${found}, but this program knows only version ${versions.length}; run the program version that wrote it, or a newer one`,
    );
  db.exec(`BEGIN IMMEDIATE; ${versions.slice(found).join(';')}; PRAGMA user_version = ${versions.length}; COMMIT;`);
};

/** Was it only that the disk is full? SQLite has then rolled the transaction back, or lets us. */
export const isDiskFull = (error: unknown): boolean =>
  error instanceof Error && 'sqliteCode' in error && error.sqliteCode === 13;

/** Takes back a transaction that is still open. */
export const rollBack = (db: Database): void => {
  if (db.isTransaction) db.exec('ROLLBACK');
};

/** Locks a file exclusively for as long as this process lives or until the answer is called; undefined where another has it. */
export const lockFile = (path: string): (() => void) | undefined => {
  const db = new DatabaseSync(path, { timeout: 0 });
  try {
    db.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    return () => {
      db.close();
    };
  } catch {
    db.close();
    return undefined;
  }
};
