import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createIndexes, createTable } from '../../../adapters/readmodels/sql.ts';
import { sqliteReadModels } from '../../../adapters/readmodels/sqlite.ts';
import { modelTables } from '../../../adapters/readmodels/tables.ts';
import { type Database, openDatabase } from '../../../adapters/shared/sqlite.ts';
import type { Projection } from '../../../domain/ports.ts';
import { readModelsContract } from '../../contracts/read-models.ts';
import { rightOf } from '../../support/event-log-under-test.ts';

readModelsContract('SQLite', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'models-'));
  let models = await sqliteReadModels({ directory });
  return {
    models,
    reopen: async () => {
      await models.close();
      models = await sqliteReadModels({ directory });
      return models;
    },
    dispose: async () => {
      await models.close();
      await rm(directory, { recursive: true });
    },
  };
});

describe('read models whose database breaks', () => {
  it('fail with unavailable, now and from then on', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'models-'));
    const models = await sqliteReadModels({ directory });
    const rows: Projection = { name: 'ships', version: 1, indexes: {}, keyOf: () => undefined, fold: (row) => row };
    rightOf(await models.open(rows)());
    const db = openDatabase(directory, 'ships.db', 'NORMAL');
    db.exec('DROP TABLE p_ships');
    db.close();
    const unavailable = { _tag: 'Left', left: { code: 'unavailable', lasting: 'temporary' } };
    const pending = [models.count(rows)(), models.get(rows, ['k1'])()];
    for (const answer of await Promise.all(pending)) expect(answer).toMatchObject(unavailable);
    expect(await models.open(rows)()).toMatchObject(unavailable);
    await models.close();
    await rm(directory, { recursive: true });
  });
});

describe('what was being built anew when a server died', () => {
  it('is gone when the read models are opened again, and the live rows are there', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'models-'));
    const rows: Projection = { name: 'ships', version: 1, indexes: {}, keyOf: () => undefined, fold: (row) => row };
    const died = await sqliteReadModels({ directory });
    rightOf(await died.open(rows)());
    rightOf(await died.put(rows, new Map([['k1', { live: true }]]), { checkpoint: 'p1' })());
    const beside = rightOf(await died.beside(rows)());
    rightOf(await beside.models.put(rows, new Map([['k1', { live: false }]]), { checkpoint: 'p9' })());
    expect(await readdir(directory)).toContain('beside');
    const models = await sqliteReadModels({ directory });
    expect(await readdir(directory)).not.toContain('beside');
    expect(rightOf(await models.open(rows)())).toBe('p1');
    expect(rightOf(await models.get(rows, ['k1'])()).get('k1')).toEqual({ live: true });
    await Promise.all([models.close(), beside.abandon(), died.close()]);
    await rm(directory, { recursive: true });
  });
});

describe('the tables of read models', () => {
  let directory: string;
  let db: Database;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'models-'));
    db = openDatabase(directory, 'ships.db', 'NORMAL');
  });
  afterEach(async () => {
    db.close();
    await rm(directory, { recursive: true });
  });
  const table = { name: 'ships', indexes: ['port', 'size'], sparse: [] };
  const spec = { name: 'ships', version: 1, tables: [table] };

  it.each(['', 'Ships', '1', 'a b', 'a"b', 'a.b', 'a'.repeat(64)])('refuse the name "%s"', (name) => {
    expect(() => createTable({ ...table, name })).toThrow('cannot name');
    expect(() => createTable({ ...table, indexes: [name] })).toThrow('cannot name');
    expect(() => createIndexes({ ...table, indexes: [name] })).toThrow('cannot name');
  });
  it('read a page in index order without sorting', () => {
    modelTables(db, { bulk: false })({ kind: 'open', spec });
    const plan = (sql: string) => JSON.stringify(db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all());
    const page = plan('SELECT row FROM p_ships ORDER BY i_size DESC, key DESC LIMIT 10');
    expect(page).toContain('x_ships.size');
    expect(page).not.toContain('TEMP B-TREE');
    expect(plan('SELECT row FROM p_ships ORDER BY i_size DESC, key ASC')).toContain('TEMP B-TREE');
  });
  it('take back a whole put on a full disk, checkpoint and all, and stay usable', () => {
    const ask = modelTables(db, { bulk: false });
    ask({ kind: 'open', spec });
    const { page_count: pages } = db.prepare('PRAGMA page_count').get() as { page_count: number };
    db.exec(`PRAGMA max_page_count = ${pages + 4}`);
    const small = ['k1', '{}', null, 1] as const;
    const large = ['k2', JSON.stringify({ text: 'x'.repeat(100_000) }), null, 2] as const;
    expect(
      ask({ kind: 'put', changes: [{ table, removed: [], rows: [...small, ...large] }], checkpoint: 'p1', passed: 1 }),
    ).toEqual({
      kind: 'full',
    });
    expect(ask({ kind: 'open', spec })).toEqual({ kind: 'opened', checkpoint: undefined });
    expect(ask({ kind: 'put', changes: [{ table, removed: [], rows: small }], checkpoint: 'p1', passed: 1 })).toEqual({
      kind: 'stored',
    });
    expect(ask({ kind: 'get', table, keys: ['k1', 'k2'] })).toEqual({ kind: 'rows', rows: [['k1', '{}']] });
  });
});
