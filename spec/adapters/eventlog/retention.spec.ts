import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { AppendRequest } from '../../../adapters/eventlog/protocol.ts';
import { versions } from '../../../adapters/eventlog/schema.ts';
import { eventStore } from '../../../adapters/eventlog/store.ts';
import { openDatabase } from '../../../adapters/shared/sqlite.ts';
import { scratch } from '../../support/scratch.ts';

const request = (stream: string, count: number): AppendRequest => ({
  kind: 'append',
  stream,
  events: Array.from({ length: count }, () => [randomUUID(), 'counted', '{}', '{}']),
  expected: 'any',
});

describe('old events in the tables of the log', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await scratch();
  });
  const open = () => {
    const db = openDatabase(directory, 'events.db', 'FULL');
    onTestFinished(() => {
      if (db.isOpen) db.close();
    });
    const rows = (): number => (db.prepare('SELECT count(*) AS n FROM events').get() as { n: number }).n;
    return { db, rows };
  };

  it('are deleted some at a time, and that goes on when the log is opened again', () => {
    const first = open();
    const store = eventStore(first.db);
    store.appendAll([request('a-1', 1_200), request('b-1', 3)]);
    expect(store.retain({ kind: 'retain', stream: 'a-1', keepFrom: 1_190 })).toEqual({ kind: 'retained' });
    expect(first.rows()).toBe(1_203);
    expect(store.purge()).toBe(true);
    expect(first.rows()).toBe(703);
    first.db.close();
    const second = open();
    const again = eventStore(second.db);
    while (again.purge());
    expect(second.rows()).toBe(13);
    expect(again.read({ kind: 'readStream', stream: 'a-1', from: 0, limit: 100 }).events).toHaveLength(10);
  });
  it('leave gaps in the order of the log, which no other event ever fills', () => {
    const first = open();
    const store = eventStore(first.db);
    store.appendAll([request('b-1', 1), request('a-1', 3)]);
    store.retain({ kind: 'retain', stream: 'a-1', keepFrom: 3 });
    while (store.purge());
    expect(first.rows()).toBe(1);
    first.db.close();
    const again = eventStore(open().db);
    expect(again.head()).toBe(4);
    expect(again.appendAll([request('a-1', 1)])).toEqual([{ kind: 'appended', revision: 3, ordinal: 5 }]);
  });
  it('are hidden also in a log that was made before there was such a thing', () => {
    const { db, rows } = open();
    db.exec(`${versions[0] ?? ''}; PRAGMA user_version = 1`);
    db.exec(`INSERT INTO streams VALUES (1, 'a-1', 1);
             INSERT INTO events VALUES (1, 1, 0, 'x', 't', '{}', '{}'), (2, 1, 1, 'y', 't', '{}', '{}')`);
    const store = eventStore(db);
    expect(store.head()).toBe(2);
    store.retain({ kind: 'retain', stream: 'a-1', keepFrom: 1 });
    while (store.purge());
    expect(rows()).toBe(1);
  });
});
