import { right } from 'fp-ts/lib/Either.js';
import { Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { type SupervisorNeeds, superviseTransfers } from '../../actors/transfers.ts';
import type { Projection, Query } from '../../domain/ports.ts';
import type { TransferRecord } from '../../projections/transfers.ts';
import { fact, given, id } from '../support/given.ts';
import { manualClock } from '../support/manual-clock.ts';
import { memoryReadModels } from '../support/memory-read-models.ts';
import { until } from '../support/until.ts';

const nothing = () => undefined;
const retries = { attempts: 12, firstDelay: 1_000, longestDelay: 600_000 };

describe('the supervisor', () => {
  it('waits after a failed try also where the row does not know of it yet', async () => {
    const failed = given('received', fact('forwarded', { inline: false }), 'stepFailed');
    const clock = manualClock(failed.transfer.updatedAt);
    const stale = { id, step: 'fetch', dueAt: 1, revision: 1, reason: null } as unknown as TransferRecord;
    const tries: string[] = [];
    const marked: TransferRecord[] = [];
    const needs: SupervisorNeeds = {
      models: { ...memoryReadModels(), query: () => () => Promise.resolve(right([stale] as never)) },
      projection: {} as Projection<TransferRecord>,
      projector: {
        caughtUp: Promise.resolve(),
        ended: Promise.resolve(),
        settled: () => Promise.resolve(true),
        batches: new Subject(),
        mark: (_projection, _key, change) => {
          marked.push(change(stale as never) as unknown as TransferRecord);
          return new Promise(nothing);
        },
      },
      streams: {
        load: () => Promise.resolve(right(failed)),
        position: nothing,
      } as unknown as SupervisorNeeds['streams'],
      steps: {
        fetch: () => () => {
          tries.push('fetch');
          return new Promise(nothing);
        },
      },
      retries,
      clock,
      log: { debug: nothing, info: nothing, warn: nothing, error: nothing, alarm: nothing },
      role: 'inner',
      most: 1,
    };
    const supervisor = superviseTransfers(needs);
    await until('something was done about the row', () => Promise.resolve(tries.length + marked.length > 0));
    expect(tries).toEqual([]);
    expect(marked).toMatchObject([{ dueAt: clock.now() + retries.firstDelay }]);
    const stopping = supervisor.stop(0);
    clock.advance(1);
    await stopping;
  });

  it('does not look again at once while the rows show what was: it would find the same ones due', async () => {
    const ended = given('received', 'forwarded', 'fetched', 'matched', 'processed', 'acknowledged');
    const clock = manualClock(ended.transfer.updatedAt);
    const stale = { id, step: 'acknowledge', dueAt: 1, revision: 4, reason: null } as unknown as TransferRecord;
    let loads = 0;
    const needs: SupervisorNeeds = {
      models: { ...memoryReadModels(), query: () => () => Promise.resolve(right([stale] as never)) },
      projection: {} as Projection<TransferRecord>,
      projector: {
        caughtUp: Promise.resolve(),
        ended: Promise.resolve(),
        settled: () => Promise.resolve(false),
        batches: new Subject(),
        mark: () => Promise.resolve(),
      },
      streams: {
        load: () => {
          loads += 1;
          return loads > 50 ? new Promise<never>(nothing) : Promise.resolve(right(ended));
        },
        position: nothing,
      } as unknown as SupervisorNeeds['streams'],
      steps: { acknowledge: () => () => new Promise(nothing) },
      retries,
      clock,
      log: { debug: nothing, info: nothing, warn: nothing, error: nothing, alarm: nothing },
      role: 'dmz',
      most: 1,
    };
    const supervisor = superviseTransfers(needs);
    const turns = async () => {
      for (let turn = 0; turn < 1_000; turn += 1) await Promise.resolve();
    };
    await turns();
    expect(loads).toBe(1);
    clock.advance(5_000);
    await turns();
    expect(loads).toBe(2);
    await supervisor.stop(0);
  });

  it('gives one partner only some of the places, so that a dead one keeps nobody else waiting', async () => {
    const row = (channel: string, n: number) =>
      ({
        id: `${channel}-${n}`,
        channel,
        step: 'send',
        dueAt: 1,
        revision: 1,
        reason: null,
      }) as unknown as TransferRecord;
    const rows = [...Array.from({ length: 300 }, (_, n) => row('dead', n)), row('alive', 0), row('alive', 1)];
    const begun: string[] = [];
    const never = () => new Promise<never>(nothing);
    const needs: SupervisorNeeds = {
      models: {
        ...memoryReadModels(),
        query: ((_: unknown, { where, limit, offset = 0 }: Query) =>
          () =>
            Promise.resolve(right(where?.lane === undefined ? [] : rows.slice(offset, offset + limit)))) as never,
      },
      projection: {} as Projection<TransferRecord>,
      projector: {
        caughtUp: Promise.resolve(),
        ended: Promise.resolve(),
        settled: () => Promise.resolve(true),
        batches: new Subject(),
        mark: never,
      },
      streams: {
        load: (asked: string) => {
          begun.push(asked.split('-')[0] ?? '');
          return never();
        },
        position: nothing,
      } as unknown as SupervisorNeeds['streams'],
      steps: { send: () => never },
      retries,
      clock: manualClock(),
      log: { debug: nothing, info: nothing, warn: nothing, error: nothing, alarm: nothing },
      role: 'dmz',
      most: 16,
    };
    void superviseTransfers(needs);
    await until('both partners have their places', () => Promise.resolve(begun.includes('alive')));
    expect(begun.filter((channel) => channel === 'alive')).toHaveLength(2);
    expect(begun.filter((channel) => channel === 'dead')).toHaveLength(4);
  });
});
