/** The log's thread: owns the database. An I/O error ends it, and nothing is tried again. */
import { workerData } from 'node:worker_threads';
import { openDatabase, openToRead } from '../shared/sqlite.ts';
import { serveCalls } from '../shared/worker.ts';
import { groupCommit } from './group-commit.ts';
import type { LogReady, LogRequest, LogResponse, LogWorkerData, RetainAnswer, RetainRequest } from './protocol.ts';
import { logFile } from './schema.ts';
import { eventStore } from './store.ts';

const { directory, readOnly } = workerData as LogWorkerData;
const db = readOnly ? openToRead(directory, logFile) : openDatabase(directory, logFile, 'FULL');
const store = eventStore(db);
const group = groupCommit(store, setImmediate);

/** Old events are deleted between the calls. */
let purging = false;
const purge = (): void => {
  purging = db.isOpen && store.purge();
  if (purging) setImmediate(purge);
};
const retain = (request: RetainRequest): RetainAnswer => {
  // What was asked for before comes before.
  group.finish();
  const answer = store.retain(request);
  if (!purging) setImmediate(purge);
  purging = true;
  return answer;
};
setImmediate(purge);

serveCalls<LogReady, LogRequest, LogResponse>({
  ready: { head: store.head() },
  handle: (request) =>
    request.kind === 'append'
      ? group.append(request)
      : request.kind === 'retain'
        ? retain(request)
        : request.kind === 'hidden'
          ? store.hidden()
          : store.read(request),
  close: () => {
    group.finish();
    db.close();
  },
});
