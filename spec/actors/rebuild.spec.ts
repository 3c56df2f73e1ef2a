import { right } from 'fp-ts/lib/Either.js';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { startProjector } from '../../actors/projector.ts';
import { rebuilding, type Waiting } from '../../actors/rebuild.ts';
import { createLog } from '../../adapters/shared/log.ts';
import type { Change, Projection, ReadModels, Summary } from '../../domain/ports.ts';
import { manualClock } from '../support/manual-clock.ts';
import { memoryEventLog } from '../support/memory-event-log.ts';
import { memoryReadModels } from '../support/memory-read-models.ts';
import { succeeded } from '../support/outcome.ts';

type Count = { readonly n: number; readonly marked?: boolean };
const total: Summary<Count, Count> = {
  name: 'total',
  indexes: {},
  keysOf: () => ['all'],
  count: (row, { before, after }: Change<Count>) => ({ n: (row?.n ?? 0) + after.n - (before?.n ?? 0) }),
};
const counts: Projection<Count> = {
  name: 'counts',
  version: 1,
  indexes: { n: (row) => row.n },
  keyOf: (event) => event.stream,
  fold: (row) => ({ ...row, n: (row?.n ?? 0) + 1 }),
  summaries: [total],
  carry: { wants: () => true, over: (row, { marked }) => (marked === undefined ? row : { ...row, marked }) },
};

const running = async (wrap: (models: ReadModels) => ReadModels = (models) => models, waiting?: Waiting) => {
  const [eventLog, clock] = [memoryEventLog(), manualClock()];
  const models = wrap(memoryReadModels());
  const log = createLog({ level: 'error', format: 'text', write: () => undefined, clock });
  const stop = new AbortController();
  const projector = await startProjector({ eventLog, models, clock, log }, [counts], stop.signal);
  const rebuilds = rebuilding({ eventLog, models, projector, log }, waiting);
  onTestFinished(async () => {
    stop.abort();
    await rebuilds.stop();
  });
  let last = 0;
  const append = async (stream: string) => {
    last += 1;
    const id = `00000000-0000-5000-8000-${String(last).padStart(12, '0')}`;
    const done = await succeeded(
      eventLog.append(stream, [{ id, type: 'x', data: {}, metadata: {} }], { expected: 'any' }),
    );
    await projector.settled(done.position);
  };
  const row = async (key: string) => (await succeeded(models.get(counts, [key]))).get(key);
  const sum = async () => (await succeeded(models.get(total, ['all']))).get('all')?.n;
  const ended = () => vi.waitFor(() => expect(rebuilds.progressOf('counts')).toBeUndefined(), 50_000);
  return { eventLog, models, projector, rebuilds, append, row, sum, ended };
};

describe('a rebuild', () => {
  it('makes wrong rows right again, with what is counted from them, and keeps what was marked beside the fold', async () => {
    const { models, projector, rebuilds, append, row, sum, ended } = await running();
    for (const stream of ['a', 'b', 'a']) await append(stream);
    await projector.mark(counts, 'a', (before) => ({ ...before, marked: true }));
    await succeeded(models.put(counts, new Map([['b', { n: 77 }]])));
    expect(await rebuilds.start([], 'eve')).toMatchObject({ right: ['counts'] });
    await ended();
    expect([await row('a'), await row('b'), await sum()]).toEqual([{ n: 2, marked: true }, { n: 1 }, 3]);
    expect(await succeeded(models.state(counts))).toMatchObject({ rows: 2, passed: 3 });
  });

  it('goes on with events that come while it runs and after it, each counted once', async () => {
    const { rebuilds, append, row, sum, ended } = await running();
    await append('a');
    await rebuilds.start(['counts'], 'eve');
    await Promise.all(['a', 'a', 'b'].map(append));
    await ended();
    await append('a');
    expect([await row('a'), await row('b'), await sum()]).toEqual([{ n: 4 }, { n: 1 }, 5]);
  });

  it.each([
    { rows: 2_000, atOnce: 2_000 },
    { rows: 3_000, atOnce: 500 },
  ])(
    'loses nothing where it is still writing while it folds on: $atOnce of $rows rows',
    async (waiting) => {
      const slow = (real: ReadModels): ReadModels => ({
        ...real,
        beside: (projection) => async () => {
          const beside = await succeeded(real.beside(projection));
          const later = async (turns: number) => {
            for (let i = 0; i < turns; i += 1) await new Promise(setImmediate);
          };
          const put: ReadModels['put'] =
            (...given) =>
            () =>
              later(4).then(beside.models.put(...given));
          const get: ReadModels['get'] = (table, keys) => () => later(3).then(beside.models.get(table, keys));
          return right({ ...beside, models: { get, put } });
        },
      });
      const { eventLog, models, rebuilds, sum, ended } = await running(slow, waiting);
      // In another order each time round, so that what one page needs is partly in memory and partly stored.
      const streams = 12_000;
      for (const [round, step] of [1, 7_919, 5_003].entries())
        for (let n = 0; n < streams; n += 1) {
          const id = `00000000-0000-5000-8000-${String(round * streams + n).padStart(12, '0')}`;
          const event = { id, type: 'x', data: {}, metadata: {} };
          await succeeded(eventLog.append(`s${(n * step) % streams}`, [event], { expected: 'any' }));
        }
      await rebuilds.start([], 'eve');
      await ended();
      expect(await succeeded(models.count(counts, { n: 3 }))).toBe(streams);
      expect(await sum()).toBe(3 * streams);
    },
    60_000,
  );

  it('is refused while one runs, and for what there is not', async () => {
    const { rebuilds, append, ended } = await running();
    await append('a');
    const both = await Promise.all([rebuilds.start([], 'eve'), rebuilds.start([], 'eve')]);
    expect(both).toMatchObject([{ right: ['counts'] }, { left: { reason: 'busy' } }]);
    await ended();
    expect(await rebuilds.start(['ships'], 'eve')).toMatchObject({
      left: { reason: 'notFound', text: 'there is no read model ships; there is counts' },
    });
  });

  it('that fails leaves the live rows, and says why', async () => {
    const { rebuilds, append, row } = await running((models) => ({
      ...models,
      beside: () => () => Promise.reject(new Error('no second table')),
    }));
    await append('a');
    await rebuilds.start([], 'eve');
    await vi.waitFor(() => expect(rebuilds.progressOf('counts')).toMatchObject({ failed: 'no second table' }));
    await append('a');
    expect(await row('a')).toEqual({ n: 2 });
  });
});
