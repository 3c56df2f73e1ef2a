/** Read models in files of this server: SQLite in a thread of its own. What they hold can be built anew from the log. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Failure, failing, failureIn, temporary } from '../../domain/failure.ts';
import type { Beside, Query, ReadModels, Row, Table } from '../../domain/ports.ts';
import { attempt } from '../shared/attempt.ts';
import { startWorker, workerFile } from '../shared/worker.ts';
import { modelFile } from './files.ts';
import type { ModelRequest, ModelResponse, ModelWorkerData, SqlQuery } from './protocol.ts';
import { changesOf, checkSparse, modelSpecOf, tableSpecOf } from './rows.ts';
import { countRows, selectRows } from './sql.ts';

const full = temporary('noSpace', 'the disk of the read models is full; free some space');
const unavailable = (error: unknown): Failure =>
  failureIn(error) ??
  temporary('unavailable', `the read models cannot be used: ${error instanceof Error ? error.message : String(error)}`);

/**
 * Opens the read models in `directory`, and removes there what was being built anew when a server died; rejects where
 * they cannot be opened. A projection must be opened before it is used. After an I/O error everything fails until they
 * are opened again.
 */
export const sqliteReadModels = async (options: { readonly directory: string }): Promise<ReadModels> => {
  await rm(asideIn(options.directory), { recursive: true, force: true });
  return openModels({ ...options, bulk: false });
};

const asideIn = (directory: string): string => join(directory, 'beside');

const openModels = async (
  data: ModelWorkerData,
): Promise<ReadModels & { readonly prepare: (model: string) => Promise<void> }> => {
  /** Which model each opened table belongs to. */
  const opened = new Map<string, string>();
  let broken: Error | undefined;
  const { link } = await startWorker<null, ModelRequest, ModelResponse>({
    file: workerFile(import.meta.url, 'sqlite-worker'),
    data,
    onDeath: (error) => {
      broken = error;
    },
  });
  const call = async <K extends ModelResponse['kind']>(
    model: string,
    request: ModelRequest['request'],
    kind: K,
  ): Promise<Extract<ModelResponse, { kind: K }>> => {
    if (broken !== undefined) throw broken;
    const response = await link.call({ model, request });
    if (response.kind === 'full') throw failing(full);
    if (response.kind !== kind) throw new Error(`asked for ${kind}, was answered ${response.kind}`);
    return response as Extract<ModelResponse, { kind: K }>;
  };
  const modelOf = (name: string): string => {
    const model = opened.get(name);
    if (model === undefined) throw new Error(`the read model ${name} is used before it was opened`);
    return model;
  };
  const select = async (model: string, query: SqlQuery) =>
    (await call(model, { kind: 'select', query }, 'values')).values;

  return {
    open: (projection, { anew = false } = {}) =>
      attempt(async () => {
        const spec = modelSpecOf(projection);
        const { checkpoint } = await call(spec.name, { kind: 'open', spec, anew }, 'opened');
        for (const { name } of spec.tables) opened.set(name, spec.name);
        return checkpoint;
      }, unavailable),
    get:
      <R extends Row>(table: Table<R>, keys: readonly string[]) =>
      async () => {
        const model = modelOf(table.name);
        return attempt(async () => {
          const { rows } = await call(model, { kind: 'get', table: tableSpecOf(table), keys }, 'rows');
          return new Map(rows.map(([key, json]) => [key, JSON.parse(json) as R]));
        }, unavailable)();
      },
    put: (projection, rows, along) => async () => {
      const model = modelOf(projection.name);
      const { checkpoint, passed = 0, summaries } = along ?? {};
      const counted = (projection.summaries ?? []).flatMap((summary) => {
        const its = summaries?.get(summary.name);
        return its === undefined ? [] : [changesOf(summary, its)];
      });
      const changes = [changesOf(projection, rows), ...counted];
      return attempt(async () => {
        await call(model, { kind: 'put', changes, checkpoint, passed }, 'stored');
      }, unavailable)();
    },
    query:
      <R extends Row>(table: Table<R>, query: Query) =>
      async () => {
        const model = modelOf(table.name);
        checkSparse(table, query.where, query.orderBy);
        const sql = selectRows(tableSpecOf(table), query);
        return attempt(
          async () => (await select(model, sql)).map((json) => JSON.parse(String(json)) as R),
          unavailable,
        )();
      },
    count: (table, where) => async () => {
      const model = modelOf(table.name);
      checkSparse(table, where);
      const sql = countRows(tableSpecOf(table), where);
      return attempt(async () => Number((await select(model, sql))[0]), unavailable)();
    },
    state: (projection) => async () => {
      const model = modelOf(projection.name);
      const request = { kind: 'state', table: tableSpecOf(projection) } as const;
      return attempt(async () => (await call(model, request, 'state')).state, unavailable)();
    },
    beside: (projection) => async () => {
      const model = modelOf(projection.name);
      const aside = join(asideIn(data.directory), model);
      return attempt(async (): Promise<Beside> => {
        await rm(aside, { recursive: true, force: true });
        const models = await openModels({ directory: aside, bulk: true });
        const started = await models.open(projection)();
        if (started._tag === 'Left') throw failing(started.left);
        return {
          models,
          prepare: () => attempt(() => models.prepare(model), unavailable),
          adopt: () =>
            attempt(async () => {
              await models.close();
              await call(model, { kind: 'adopt', file: modelFile(aside, model) }, 'stored');
            }, unavailable),
          abandon: async () => {
            await models.close();
            await rm(aside, { recursive: true, force: true });
          },
        };
      }, unavailable)();
    },
    prepare: async (model) => {
      await call(model, { kind: 'prepare' }, 'stored');
    },
    close: () => link.close(),
  };
};
