/** The log's tables: synchronous, on whatever thread it is called. */

import { faultPoint } from '../shared/fault-point.ts';
import { type Database, ensureSchema, isDiskFull, rollBack } from '../shared/sqlite.ts';
import { fillerType } from './movable.ts';
import type {
  AppendAnswer,
  AppendRequest,
  HiddenAnswer,
  Page,
  ReadRequest,
  RetainAnswer,
  RetainRequest,
  StoredEvent,
} from './protocol.ts';
import { openRetention } from './retention.ts';
import { versions } from './schema.ts';
import { judge, type Place } from './verdict.ts';

const diskFull = 'the disk of the event log is full; free some space';
const columns = 'e.ordinal, s.name, e.revision, e.id, e.type, e.data, e.metadata';

/** Bounds of one page, so that a read holds up the commits behind it only shortly. */
const pageEvents = 1_000;
const pageCharacters = 4 * 1024 ** 2;

/** Events in tables. An error that it throws, other than at opening, means that nothing more may be written. */
export type EventStore = {
  /** Ordinal of the last event, 0 for none. */
  readonly head: () => number;
  /** All appends in one durable transaction; each is judged by itself. Disk full: none is written, all are `unavailable`. */
  readonly appendAll: (requests: readonly AppendRequest[]) => readonly AppendAnswer[];
  readonly read: (request: ReadRequest) => Page;
  /** Hides what stands before a revision of a stream. */
  readonly retain: (request: RetainRequest) => RetainAnswer;
  /** The streams with hidden events. */
  readonly hidden: () => HiddenAnswer;
  /** Deletes some of what is hidden; answers whether there is more. On a full disk there is no more for now. */
  readonly purge: () => boolean;
  /** Moves what the write-ahead log holds into the database. */
  readonly checkpoint: () => void;
};

/** The event store of an open database. Refuses a database of a newer schema. */
export const eventStore = (db: Database): EventStore => {
  ensureSchema(db, 'the event log', versions);
  // Checkpoints are asked for, so that their I/O errors are seen: SQLite passes over those of its automatic ones.
  db.exec('PRAGMA wal_autocheckpoint = 0');
  const begin = db.prepare('BEGIN IMMEDIATE');
  const commit = db.prepare('COMMIT');
  const lastOrdinal = db.prepare(
    'SELECT max(p.ordinal, coalesce((SELECT max(ordinal) FROM events), 0)) AS head FROM purged p',
  );
  const findStream = db.prepare('SELECT id, revision FROM streams WHERE name = ?');
  const addStream = db.prepare('INSERT INTO streams (name, revision) VALUES (?, -1)');
  const moveStream = db.prepare('UPDATE streams SET revision = ? WHERE id = ?');
  const findEvent = db.prepare('SELECT ordinal, revision FROM events WHERE stream = ? AND id = ?');
  const addEvent = db.prepare(
    'INSERT INTO events (ordinal, stream, revision, id, type, data, metadata) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
  const readStream = db.prepare(
    `SELECT ${columns} FROM streams s CROSS JOIN events e ON e.stream = s.id
     WHERE s.name = ? AND e.revision >= max(?, s.keep_from) ORDER BY e.revision LIMIT ?`,
  );
  const readAll = db.prepare(
    `SELECT ${columns} FROM events e CROSS JOIN streams s ON s.id = e.stream
     WHERE e.ordinal > ? AND e.type <> '${fillerType}' ORDER BY e.ordinal LIMIT ?`,
  );
  const hidden = db.prepare('SELECT name, keep_from FROM streams WHERE keep_from > 0');
  for (const statement of [readStream, readAll, hidden]) statement.setReturnArrays(true);
  const storedHead = (): number => (lastOrdinal.get() as { head: number }).head;
  let head = storedHead();
  const retention = openRetention(db);

  const append = ({ stream, events, expected }: AppendRequest): AppendAnswer => {
    const found = findStream.get(stream) as { id: number; revision: number } | undefined;
    const before = found?.revision ?? -1;
    const find = (id: string): Place | undefined => findEvent.get(found?.id ?? -1, id) as Place | undefined;
    const verdict = judge(
      events.map(([id]) => id),
      expected,
      before,
      find,
    );
    if (verdict.kind === 'already') return { kind: 'appended', ...verdict.place };
    if (verdict.kind === 'conflict') return { kind: 'refused', code: 'conflict', text: `${stream}: ${verdict.text}` };
    if (events.length === 0) return { kind: 'appended', revision: before, ordinal: head };
    const streamId = found?.id ?? Number(addStream.run(stream).lastInsertRowid);
    let revision = before;
    for (const event of events) {
      revision += 1;
      head += 1;
      addEvent.run(head, streamId, revision, ...event);
    }
    moveStream.run(revision, streamId);
    return { kind: 'appended', revision, ordinal: head };
  };

  /** In one durable transaction; undefined on a full disk, where nothing of it is written. */
  const durably = <A>(write: () => A): A | undefined => {
    try {
      begin.run();
      const result = write();
      faultPoint('log.commit.before');
      commit.run();
      faultPoint('log.commit.after');
      return result;
    } catch (error) {
      // Only what is certainly not on disk may be answered as such: without a rollback the error stands.
      if (!isDiskFull(error)) throw error;
      rollBack(db);
      return undefined;
    }
  };

  return {
    head: () => head,
    appendAll: (requests) => {
      const answers = durably(() => requests.map(append));
      if (answers !== undefined) return answers;
      head = storedHead();
      return requests.map(() => ({ kind: 'refused', code: 'unavailable', text: diskFull }));
    },
    retain: ({ stream, keepFrom }) =>
      durably(() => {
        retention.hide(stream, keepFrom);
        return { kind: 'retained' };
      }) ?? { kind: 'refused', code: 'unavailable', text: diskFull },
    hidden: () => ({ kind: 'hidden', streams: hidden.all() }),
    purge: () => durably(retention.purge) ?? false,
    read: (request) => {
      const limit = Math.max(0, Math.min(request.limit, pageEvents));
      const rows = (
        request.kind === 'readAll'
          ? readAll.iterate(request.after, limit)
          : readStream.iterate(request.stream, request.from, limit)
      ) as IterableIterator<StoredEvent>;
      const events: StoredEvent[] = [];
      let characters = 0;
      let cut = false;
      for (const row of rows) {
        events.push(row);
        characters += row[5].length + row[6].length;
        cut = characters >= pageCharacters;
        if (cut) break;
      }
      return { kind: 'page', events, more: cut || (events.length === limit && limit < request.limit) };
    },
    checkpoint: () => {
      try {
        faultPoint('log.checkpoint.before');
        db.exec('PRAGMA wal_checkpoint(PASSIVE)');
        faultPoint('log.checkpoint.after');
      } catch (error) {
        // The database cannot grow, but the write-ahead log still holds everything.
        if (!isDiskFull(error)) throw error;
      }
    },
  };
};
