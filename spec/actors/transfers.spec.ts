import { right } from 'fp-ts/lib/Either.js';
import { Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { type SupervisorNeeds, superviseTransfers } from '../../actors/transfers.ts';
import type { Projection } from '../../domain/ports.ts';
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
});
