import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { groupCommit } from '../../../adapters/eventlog/group-commit.ts';
import type { AppendAnswer, AppendRequest } from '../../../adapters/eventlog/protocol.ts';
import { type EventStore, eventStore } from '../../../adapters/eventlog/store.ts';
import { type Database, openDatabase } from '../../../adapters/shared/sqlite.ts';

const request = (stream: string, expected: AppendRequest['expected'] = 'any', characters = 10): AppendRequest => ({
  kind: 'append',
  stream,
  events: [[randomUUID(), 'counted', JSON.stringify('x'.repeat(characters)), '{}']],
  expected,
});

describe('the event store', () => {
  let directory: string;
  let db: Database;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'log-'));
    db = openDatabase(directory, 'events.db', 'FULL');
  });
  afterEach(() => {
    if (db.isOpen) db.close();
    rmSync(directory, { recursive: true });
  });
  const kinds = (answers: readonly AppendAnswer[]): readonly string[] =>
    answers.map((answer) => (answer.kind === 'refused' ? answer.code : answer.kind));

  it('lets a conflict fail only itself', () => {
    const answers = eventStore(db).appendAll([
      request('a-1', 'noStream'),
      request('a-1', 'noStream'),
      request('a-1', 0),
    ]);
    expect(kinds(answers)).toEqual(['appended', 'conflict', 'appended']);
  });
  it('refuses all of a group on a full disk, writes none of it, and stays usable', () => {
    const store = eventStore(db);
    store.appendAll([request('a-1')]);
    const { page_count: pages } = db.prepare('PRAGMA page_count').get() as { page_count: number };
    db.exec(`PRAGMA max_page_count = ${pages + 4}`);
    const answers = store.appendAll([request('a-1', 'noStream'), request('a-2'), request('a-3', 'any', 100_000)]);
    expect(kinds(answers)).toEqual(['unavailable', 'unavailable', 'unavailable']);
    expect(store.read({ kind: 'readAll', after: 0, limit: 10 }).events).toHaveLength(1);
    expect(store.appendAll([request('a-2', 'noStream')])).toEqual([{ kind: 'appended', revision: 0, ordinal: 2 }]);
  });
  it('throws at any other error of a commit', () => {
    const store = eventStore(db);
    db.close();
    expect(() => store.appendAll([request('a-1')])).toThrow();
  });
  it('ends a page by its size and says that there is more', () => {
    const store = eventStore(db);
    store.appendAll(Array.from({ length: 10 }, () => request('a-1', 'any', 1_000_000)));
    const page = store.read({ kind: 'readStream', stream: 'a-1', from: 0, limit: 10 });
    expect(page.events.length).toBeLessThan(10);
    expect(page.more).toBe(true);
    expect(store.read({ kind: 'readStream', stream: 'a-1', from: 9, limit: 10 }).more).toBe(false);
  });
  it('syncs every commit', () => {
    eventStore(db);
    expect(db.prepare('PRAGMA synchronous').get()).toEqual({ synchronous: 2 });
    expect(db.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
  });
  it('refuses a database of a newer schema and says why', () => {
    db.exec('PRAGMA user_version = 3');
    expect(() => eventStore(db)).toThrow('the event log has schema version 3, but this program knows only version 2');
  });
  it('keeps its write-ahead log short', () => {
    const turns: (() => void)[] = [];
    const group = groupCommit(eventStore(db), (run) => turns.push(run));
    for (let n = 0; n < 2_000; n += 1) {
      void group.append(request(`a-${n}`));
      for (let turn = turns.shift(); turn !== undefined; turn = turns.shift()) turn();
    }
    expect(statSync(join(directory, 'events.db-wal')).size).toBeLessThan(20 * 1024 ** 2);
  });
});

describe('group commit', () => {
  const recording = (): { readonly store: EventStore; readonly groups: number[] } => {
    const groups: number[] = [];
    const appendAll: EventStore['appendAll'] = (requests) => {
      groups.push(requests.length);
      return requests.map((_, revision) => ({ kind: 'appended', revision, ordinal: 1 }));
    };
    const unused: Pick<EventStore, 'retain' | 'hidden' | 'purge'> = {
      retain: () => ({ kind: 'retained' }),
      hidden: () => ({ kind: 'hidden', streams: [] }),
      purge: () => false,
    };
    const read: EventStore['read'] = () => ({ kind: 'page', events: [], more: false });
    return { groups, store: { appendAll, read, head: () => 0, checkpoint: () => undefined, ...unused } };
  };

  it('commits together what arrived together, and answers each its own', async () => {
    const { store, groups } = recording();
    const turns: (() => void)[] = [];
    const group = groupCommit(store, (run) => turns.push(run));
    const answers = Promise.all([0, 1, 2].map((n) => group.append(request(`a-${n}`))));
    expect(groups).toEqual([]);
    turns.shift()?.();
    expect((await answers).map((answer) => answer.kind === 'appended' && answer.revision)).toEqual([0, 1, 2]);
    expect(groups).toEqual([3]);
  });
  it('bounds a group, and finishes the rest when it must', () => {
    const { store, groups } = recording();
    const turns: (() => void)[] = [];
    const group = groupCommit(store, (run) => turns.push(run));
    for (let n = 0; n < 4_500; n += 1) void group.append(request('a-1'));
    for (let n = 0; n < 6; n += 1) void group.append(request('a-1', 'any', 1_000_000));
    turns.shift()?.();
    expect(groups).toEqual([2_000]);
    group.finish();
    expect(groups).toEqual([2_000, 2_000, 504, 2]);
  });
});
