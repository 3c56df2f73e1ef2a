/** The tables of one read model: synchronous, on whatever thread it is called. */

import { faultPoint } from '../shared/fault-point.ts';
import { type Database, ensureSchema, isDiskFull, rollBack, type Statement } from '../shared/sqlite.ts';
import type { ModelResponse, ModelSpec, TableChange, TableRequest, TableSpec } from './protocol.ts';
import { createIndexes, createTable, planned, tableOf, upsertRow } from './sql.ts';

const schema = `
  CREATE TABLE model (
    version INTEGER NOT NULL,
    tables TEXT NOT NULL,
    checkpoint TEXT,
    passed INTEGER NOT NULL
  ) STRICT`;
/** Beyond this many different statements the oldest is prepared anew. */
const preparedStatements = 200;

type Model = {
  readonly version: number;
  readonly tables: string;
  readonly checkpoint: string | null;
  readonly passed: number;
};

/**
 * Answers requests on an open database. Refuses a database of a newer schema. In bulk the indexes of all rows are made in
 * the end, at `prepare`: sorted at once they take a fraction of the time.
 */
export const modelTables = (
  db: Database,
  { bulk }: { readonly bulk: boolean },
): ((request: TableRequest) => ModelResponse) => {
  ensureSchema(db, 'the read model store', [schema]);
  const prepared = new Map<string, Statement>();
  const statement = (sql: string): Statement => {
    const found = prepared.get(sql) ?? db.prepare(sql);
    prepared.delete(sql);
    prepared.set(sql, found);
    const [oldest] = prepared.keys();
    if (prepared.size > preparedStatements && oldest !== undefined) prepared.delete(oldest);
    return found;
  };
  const inTransaction = (run: () => ModelResponse): ModelResponse => {
    try {
      db.exec('BEGIN IMMEDIATE');
      const response = run();
      faultPoint('model.commit.before');
      db.exec('COMMIT');
      faultPoint('model.commit.after');
      return response;
    } catch (error) {
      if (!isDiskFull(error)) throw error;
      rollBack(db);
      return { kind: 'full' };
    }
  };
  const model = (): Model | undefined => statement('SELECT * FROM model').get() as Model | undefined;

  const open = ({ version, tables: wanted }: ModelSpec, anew = false): ModelResponse => {
    const found = model();
    const tables = JSON.stringify(wanted);
    if (!anew && found?.version === version && found.tables === tables)
      return { kind: 'opened', checkpoint: found.checkpoint ?? undefined };
    return inTransaction(() => {
      prepared.clear();
      const before = found === undefined ? [] : (JSON.parse(found.tables) as readonly TableSpec[]);
      for (const table of before) db.exec(`DROP TABLE IF EXISTS ${tableOf(table)}`);
      for (const table of wanted) {
        const { few, all } = createIndexes(table);
        for (const sql of [createTable(table), ...few, ...(bulk ? [] : all)]) db.exec(sql);
      }
      db.exec('DELETE FROM model');
      statement('INSERT INTO model (version, tables, passed) VALUES (?, ?, 0)').run(version, tables);
      return { kind: 'opened', checkpoint: undefined };
    });
  };

  const change = ({ table, removed, rows }: TableChange): void => {
    const remove = statement(`DELETE FROM ${tableOf(table)} WHERE key = ?`);
    for (const key of removed) remove.run(key);
    const upsert = statement(upsertRow(table));
    const width = 2 + table.indexes.length;
    for (let at = 0; at < rows.length; at += width) upsert.run(...rows.slice(at, at + width));
  };

  const sizeOf = (): number => {
    const { page_count: pages } = db.prepare('PRAGMA page_count').get() as { page_count: number };
    const { page_size: size } = db.prepare('PRAGMA page_size').get() as { page_size: number };
    return pages * size;
  };

  return (request) => {
    switch (request.kind) {
      case 'open':
        return open(request.spec, request.anew);
      case 'get': {
        const find = statement(`SELECT key, row FROM ${tableOf(request.table)} WHERE key = ?`);
        // Together: each by itself would lock the file anew.
        db.exec('BEGIN');
        const rows = request.keys.flatMap((key) => {
          const found = find.get(key) as { readonly key: string; readonly row: string } | undefined;
          return found === undefined ? [] : [[found.key, found.row] as const];
        });
        db.exec('COMMIT');
        return { kind: 'rows', rows };
      }
      case 'put':
        return inTransaction(() => {
          request.changes.forEach(change);
          if (request.checkpoint !== undefined)
            statement('UPDATE model SET checkpoint = ?, passed = passed + ?').run(request.checkpoint, request.passed);
          return { kind: 'stored' };
        });
      case 'prepare':
        return inTransaction(() => {
          const { tables = '[]' } = model() ?? {};
          for (const table of JSON.parse(tables) as readonly TableSpec[])
            for (const sql of createIndexes(table).all) db.exec(sql);
          return { kind: 'stored' };
        });
      case 'select': {
        const { sql, parameters } = planned(
          request.query,
          (found) => (statement(found.sql).get(...found.parameters) as { readonly n: number }).n,
        );
        const rows = statement(sql).all(...parameters) as Record<string, string | number>[];
        return { kind: 'values', values: rows.flatMap((row) => Object.values(row)) };
      }
      case 'state': {
        const { n } = statement(`SELECT count(*) AS n FROM ${tableOf(request.table)}`).get() as { n: number };
        const { checkpoint = null, passed = 0 } = model() ?? {};
        return { kind: 'state', state: { rows: n, bytes: sizeOf(), checkpoint: checkpoint ?? undefined, passed } };
      }
    }
  };
};
