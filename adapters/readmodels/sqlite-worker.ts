/** The read models' thread: owns the database. */
import { workerData } from 'node:worker_threads';
import { openDatabase } from '../shared/sqlite.ts';
import { serveCalls } from '../shared/worker.ts';
import type { ModelRequest, ModelResponse, ModelWorkerData } from './protocol.ts';
import { readModelTables } from './tables.ts';

const { directory } = workerData as ModelWorkerData;
const db = openDatabase(directory, 'readmodels.db', 'NORMAL');
// About 32 MB: while rows are built anew the same pages change again and again, and are written back once.
db.exec('PRAGMA wal_autocheckpoint = 8000');

serveCalls<null, ModelRequest, ModelResponse>({
  ready: null,
  handle: readModelTables(db),
  close: () => db.close(),
});
