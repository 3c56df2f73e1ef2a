/** A database file for each read model, so that one built anew takes the place of the old by a rename. Synchronous. */
import { closeSync, existsSync, fsyncSync, openSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Database, openDatabase } from '../shared/sqlite.ts';
import type { ModelRequest, ModelResponse, ModelWorkerData } from './protocol.ts';
import { modelTables } from './tables.ts';

type Open = { readonly db: Database; readonly answer: ReturnType<typeof modelTables> };

const bulkPragmas = `PRAGMA journal_mode = MEMORY; PRAGMA locking_mode = EXCLUSIVE;
                     PRAGMA synchronous = OFF; PRAGMA cache_size = -65536; PRAGMA threads = 2`;

/** Where a model's rows are. */
export const modelFile = (directory: string, model: string): string => join(directory, `${model}.db`);

/** Answers requests on the files of a directory, each opened when it is first asked for. */
export const modelFiles = ({ directory, bulk }: ModelWorkerData) => {
  const models = new Map<string, Open>();

  const open = (model: string): Open => {
    const db = openDatabase(directory, `${model}.db`, 'NORMAL');
    // About 32 MB: while rows are built anew the same pages change again and again, and are written back once.
    db.exec('PRAGMA wal_autocheckpoint = 8000; PRAGMA cache_size = -8192');
    if (bulk) db.exec(bulkPragmas);
    const opened = { db, answer: modelTables(db, { bulk }) };
    models.set(model, opened);
    return opened;
  };

  const adopt = (model: string, file: string): ModelResponse => {
    const own = modelFile(directory, model);
    const live = models.get(model)?.db;
    // Otherwise what is left of it, or what its statements do when they are forgotten, would meet the new file's.
    live?.exec('PRAGMA journal_mode = DELETE');
    live?.close();
    models.delete(model);
    if (existsSync(`${own}-wal`)) throw new Error(`${own}-wal could not be written back`);
    syncPath(file);
    renameSync(file, own);
    syncPath(dirname(own));
    open(model);
    return { kind: 'stored' };
  };

  return {
    answer: ({ model, request }: ModelRequest): ModelResponse =>
      request.kind === 'adopt' ? adopt(model, request.file) : (models.get(model) ?? open(model)).answer(request),
    close: (): void => {
      for (const { db } of models.values()) db.close();
    },
  };
};

const syncPath = (path: string): void => {
  const handle = openSync(path, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
};
