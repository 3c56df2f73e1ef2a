/** What the wire server keeps: every event of every stream in one SQLite database, in memory or in a directory. */
import { DatabaseSync } from '@photostructure/sqlite';
import { type Database, ensureSchema, openDatabase, rollBack } from '../../../adapters/shared/sqlite.ts';
import type { Proposed, Recorded } from './vocabulary.ts';

const schema = `
  CREATE TABLE events (
    position INTEGER PRIMARY KEY, stream TEXT NOT NULL, revision INTEGER NOT NULL, id TEXT NOT NULL, type TEXT NOT NULL,
    contentType TEXT NOT NULL, data BLOB NOT NULL, metadata BLOB NOT NULL, created INTEGER NOT NULL, size INTEGER NOT NULL,
    UNIQUE (stream, revision));
  CREATE INDEX ids ON events (stream, id)`;

export type Direction = 'forwards' | 'backwards';

/** The events of a node. A revision of -1 means that there is none. */
export type Store = {
  readonly last: (stream: string) => bigint;
  readonly at: (stream: string, revision: bigint) => Recorded | undefined;
  readonly find: (stream: string, id: string) => Recorded | undefined;
  /** Adds events to the end of a stream and answers the last; within `together` only. */
  readonly put: (stream: string, events: readonly Proposed[], firstRevision: bigint) => Recorded | undefined;
  /** Events of a stream, that of `from` included. */
  readonly page: (stream: string, from: bigint, direction: Direction, limit: number) => readonly Recorded[];
  /** Events of all streams: forwards from a position on, backwards before it. */
  readonly pageAll: (from: bigint, direction: Direction, limit: number) => readonly Recorded[];
  /** Runs the work as one transaction, on disk when it returns. */
  readonly together: <A>(work: () => A) => A;
  readonly close: () => void;
};

/** Opens what is kept in the directory, or an empty store in memory. */
export const openStore = (directory: string | undefined, now: () => number): Store => {
  const db: Database =
    directory === undefined ? new DatabaseSync(':memory:') : openDatabase(directory, 'eventstore.db', 'FULL');
  ensureSchema(db, 'The store of the wire server', [schema]);
  const prepare = (sql: string) => {
    const statement = db.prepare(sql);
    statement.setReadBigInts(true);
    return statement;
  };
  const columns = 'SELECT position, stream, revision, id, type, contentType, data, metadata, created FROM events';
  const [end, last] = [
    prepare('SELECT max(position) AS position, size FROM events'),
    prepare('SELECT max(revision) AS revision FROM events WHERE stream = ?'),
  ];
  const at = prepare(`${columns} WHERE stream = ? AND revision = ?`);
  const find = prepare(`${columns} WHERE stream = ? AND id = ? ORDER BY revision DESC LIMIT 1`);
  const insert = prepare('INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
  const pages = {
    forwards: prepare(`${columns} WHERE stream = ? AND revision >= ? ORDER BY revision LIMIT ?`),
    backwards: prepare(`${columns} WHERE stream = ? AND revision <= ? ORDER BY revision DESC LIMIT ?`),
  };
  const allPages = {
    forwards: prepare(`${columns} WHERE position >= ? ORDER BY position LIMIT ?`),
    backwards: prepare(`${columns} WHERE position < ? ORDER BY position DESC LIMIT ?`),
  };
  const next = (): bigint => {
    const row = end.get() as { position: bigint | null; size: bigint | null };
    return row.position === null || row.size === null ? 0n : row.position + row.size;
  };
  return {
    last: (stream) => (last.get(stream) as { revision: bigint | null }).revision ?? -1n,
    at: (stream, revision) => at.get(stream, revision) as Recorded | undefined,
    find: (stream, id) => find.get(stream, id) as Recorded | undefined,
    put: (stream, events, firstRevision) => {
      let [position, revision] = [next(), firstRevision];
      const created = BigInt(now()) * 10_000n;
      for (const { id, type, contentType, data, metadata } of events) {
        // Positions are byte offsets, as in the real log, so that nobody counts with them.
        const size = 64 + stream.length + type.length + data.length + metadata.length;
        insert.run(position, stream, revision, id, type, contentType, data, metadata, created, size);
        position += BigInt(size);
        revision += 1n;
      }
      return at.get(stream, revision - 1n) as Recorded | undefined;
    },
    page: (stream, from, direction, limit) => pages[direction].all(stream, from, limit) as Recorded[],
    pageAll: (from, direction, limit) => allPages[direction].all(from, limit) as Recorded[],
    together: (work) => {
      db.exec('BEGIN IMMEDIATE');
      try {
        const done = work();
        db.exec('COMMIT');
        return done;
      } catch (error) {
        rollBack(db);
        throw error;
      }
    },
    close: () => db.close(),
  };
};
