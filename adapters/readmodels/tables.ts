/** The read models' tables: synchronous, on whatever thread it is called. */

import { faultPoint } from '../shared/fault-point.ts';
import { type Database, ensureSchema, isDiskFull, rollBack, type Statement } from '../shared/sqlite.ts';
import type { ModelRequest, ModelResponse, TableSpec } from './protocol.ts';
import { createTable, planned, tableOf, upsertRow } from './sql.ts';

const schema = `
  CREATE TABLE projections (
    name TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    indexes TEXT NOT NULL,
    checkpoint TEXT
  ) STRICT`;
/** Beyond this many different statements the oldest is prepared anew. */
const preparedStatements = 200;

/** Answers requests on an open database. Refuses a database of a newer schema. */
export const readModelTables = (db: Database): ((request: ModelRequest) => ModelResponse) => {
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

  const open = (table: TableSpec, anew = false): ModelResponse => {
    const found = statement('SELECT version, indexes, checkpoint FROM projections WHERE name = ?').get(table.name) as
      | { readonly version: number; readonly indexes: string; readonly checkpoint: string | null }
      | undefined;
    const indexes = JSON.stringify(table.indexes);
    if (!anew && found?.version === table.version && found.indexes === indexes)
      return { kind: 'opened', checkpoint: found.checkpoint ?? undefined };
    return inTransaction(() => {
      prepared.clear();
      db.exec(createTable(table));
      statement('INSERT OR REPLACE INTO projections (name, version, indexes) VALUES (?, ?, ?)').run(
        table.name,
        table.version,
        indexes,
      );
      return { kind: 'opened', checkpoint: undefined };
    });
  };

  return (request) => {
    switch (request.kind) {
      case 'open':
        return open(request.table, request.anew);
      case 'get': {
        const find = statement(`SELECT key, row FROM ${tableOf(request.table)} WHERE key = ?`);
        const rows = request.keys.flatMap((key) => {
          const found = find.get(key) as { readonly key: string; readonly row: string } | undefined;
          return found === undefined ? [] : [[found.key, found.row] as const];
        });
        return { kind: 'rows', rows };
      }
      case 'put':
        return inTransaction(() => {
          const upsert = statement(upsertRow(request.table));
          const remove = statement(`DELETE FROM ${tableOf(request.table)} WHERE key = ?`);
          for (const [key, json, values] of request.rows) {
            if (json === undefined) remove.run(key);
            else upsert.run(key, json, ...values);
          }
          if (request.checkpoint !== undefined)
            statement('UPDATE projections SET checkpoint = ? WHERE name = ?').run(
              request.checkpoint,
              request.table.name,
            );
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
    }
  };
};
