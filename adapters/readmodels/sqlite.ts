/** Read models in a file of this server: SQLite in a thread of its own. What they hold can be built anew from the log. */
import { type Failure, failing, failureIn, temporary } from '../../domain/failure.ts';
import type { Projection, Query, ReadModels, Row } from '../../domain/ports.ts';
import { attempt } from '../shared/attempt.ts';
import { startWorker, workerFile } from '../shared/worker.ts';
import type { ModelRequest, ModelResponse, ModelWorkerData, SqlQuery } from './protocol.ts';
import { changeOf, tableSpecOf } from './rows.ts';
import { countRows, selectRows } from './sql.ts';

const full = temporary('noSpace', 'the disk of the read models is full; free some space');
const unavailable = (error: unknown): Failure =>
  failureIn(error) ??
  temporary('unavailable', `the read models cannot be used: ${error instanceof Error ? error.message : String(error)}`);

/**
 * Opens the read models in `directory`; rejects where they cannot be opened. A projection must be opened before it is
 * used. After an I/O error everything fails until they are opened again.
 */
export const sqliteReadModels = async (options: { readonly directory: string }): Promise<ReadModels> => {
  const data: ModelWorkerData = { directory: options.directory };
  const opened = new Set<string>();
  let broken: Error | undefined;
  const { link } = await startWorker<null, ModelRequest, ModelResponse>({
    file: workerFile(import.meta.url, 'sqlite-worker'),
    data,
    onDeath: (error) => {
      broken = error;
    },
  });
  const call = async <K extends ModelResponse['kind']>(
    request: ModelRequest,
    kind: K,
  ): Promise<Extract<ModelResponse, { kind: K }>> => {
    if (broken !== undefined) throw broken;
    const response = await link.call(request);
    if (response.kind === 'full') throw failing(full);
    if (response.kind !== kind) throw new Error(`asked for ${kind}, was answered ${response.kind}`);
    return response as Extract<ModelResponse, { kind: K }>;
  };
  const tableOf = <R extends Row>(projection: Projection<R>) => {
    if (!opened.has(projection.name)) throw new Error(`the read model ${projection.name} is used before it was opened`);
    return tableSpecOf(projection);
  };
  const select = async (query: SqlQuery) => (await call({ kind: 'select', query }, 'values')).values;

  return {
    open: (projection, { anew = false } = {}) =>
      attempt(async () => {
        const { checkpoint } = await call({ kind: 'open', table: tableSpecOf(projection), anew }, 'opened');
        opened.add(projection.name);
        return checkpoint;
      }, unavailable),
    get:
      <R extends Row>(projection: Projection<R>, keys: readonly string[]) =>
      async () => {
        const table = tableOf(projection);
        return attempt(async () => {
          const { rows } = await call({ kind: 'get', table, keys }, 'rows');
          return new Map(rows.map(([key, json]) => [key, JSON.parse(json) as R]));
        }, unavailable)();
      },
    put: (projection, rows, checkpoint) => async () => {
      const table = tableOf(projection);
      const changes = [...rows].map(([key, row]) => changeOf(projection, key, row));
      return attempt(async () => {
        await call({ kind: 'put', table, rows: changes, checkpoint }, 'stored');
      }, unavailable)();
    },
    query:
      <R extends Row>(projection: Projection<R>, query: Query) =>
      async () => {
        const sql = selectRows(tableOf(projection), query);
        return attempt(async () => (await select(sql)).map((json) => JSON.parse(String(json)) as R), unavailable)();
      },
    count: (projection, where) => async () => {
      const sql = countRows(tableOf(projection), where);
      return attempt(async () => Number((await select(sql))[0]), unavailable)();
    },
    close: () => link.close(),
  };
};
