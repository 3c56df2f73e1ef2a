import { isRight, right } from 'fp-ts/lib/Either.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStreams } from '../../actors/streams.ts';
import { orThrow } from '../../actors/unwrap.ts';
import { embeddedEventLog } from '../../adapters/eventlog/embedded.ts';
import type { Verified } from '../../adapters/shared/audit-tools.ts';
import { systemClock } from '../../adapters/shared/clock.ts';
import { systemIds } from '../../adapters/shared/ids.ts';
import { begin } from '../../domain/transfer/fold.ts';
import type { TransferEvent } from '../../domain/transfer/vocabulary.ts';
import { atInner, delivery } from '../support/many-transfers.ts';
import { allowed } from '../support/memory-dmz.ts';
import { run } from '../support/run.ts';
import { entry, type Pair, preparePair } from '../support/servers.ts';
import { until } from '../support/until.ts';

const [finished, held] = [60, 3];
const deliveries = Array.from({ length: finished + held }, (_, n) => atInner(delivery(n, finished + held)));
const heldIds = deliveries.slice(finished).map(({ id }) => id);

const noProfile = { type: 'held', data: { reason: 'no profile takes it', code: 'noProfile' } } as const;

/** Finished deliveries, and some that no profile has taken, as inner recorded them months ago. */
const fill = async (directory: string): Promise<void> => {
  const log = await embeddedEventLog({ directory, onFatal: (error) => expect.unreachable(error.message) });
  const streams = openStreams({ log, clock: systemClock(), ids: systemIds(), role: 'inner', node: 'inner-1' });
  const append = (id: string, events: readonly TransferEvent[]) =>
    streams.inTurn(id, async ({ append, folded }) => {
      orThrow(await append(folded ?? begin(id, 'partnerSends'), events));
    });
  for (const { id, events } of deliveries) await append(id, heldIds.includes(id) ? events.slice(0, 3) : events);
  for (const id of heldIds) expect(isRight(await streams.record(id, 'process', () => right([noProfile])))).toBe(true);
  await log.close();
};

/** Inner lives three times: at the end of the first its log is sealed, in the second something more is recorded. */
describe('an inner that keeps events for a day', { timeout: 120_000 }, () => {
  let pair: Pair;
  const cli = (...args: readonly string[]) => run(process.execPath, [entry, ...args]);
  const listed = async (): Promise<readonly string[]> => {
    const rows = await allowed(pair.inner.control.list({ limit: 100 }));
    return rows.map(({ id }) => id).sort();
  };
  beforeAll(async () => {
    pair = await preparePair({ inner: { retention: { events: '1d' } } });
    await fill(pair.inner.data);
    await pair.inner.start();
    expect(await listed()).toHaveLength(finished + held);
    await pair.inner.stop();
    await pair.inner.start();
    expect(
      (await cli('transfers', 'abandon', heldIds[0] ?? '', '--reason', 'nobody wants it', '--data', pair.inner.data))
        .code,
    ).toBe(0);
    await pair.inner.stop();
    await pair.inner.start();
    await until('the finished ones are gone', async () => (await listed()).length === held);
  }, 120_000);
  afterAll(() => pair.end());

  it('has the open ones, and what ended today, with all that happened to them', async () => {
    expect(await listed()).toEqual([...heldIds].sort());
    const { out, code } = await cli('replay', heldIds[1] ?? '', '--data', pair.inner.data);
    expect(code).toBe(0);
    for (const event of ['received', 'forwarded', 'fetched', 'held']) expect(out).toContain(event);
  });

  it('knows nothing more of a finished one', async () => {
    const gone = deliveries[0]?.id ?? '';
    expect(await cli('replay', gone, '--data', pair.inner.data)).toMatchObject({
      code: 1,
      err: expect.stringContaining(`there is no transfer ${gone}`) as string,
    });
    const audited = await cli('audit', '--transfer', gone, '--data', pair.inner.data, '--format', 'json');
    expect(audited).toMatchObject({ code: 0, out: '' });
  });

  it('shows the same once its read models are built anew', async () => {
    expect((await cli('projections', 'rebuild', '--data', pair.inner.data)).code).toBe(0);
    expect(await listed()).toEqual([...heldIds].sort());
  });

  it('has a log that verifies: what was purged is as it was sealed', async () => {
    const { out, code } = await cli('log', 'verify', '--config', pair.inner.config, '--json');
    const { verdict } = JSON.parse(out) as Verified;
    expect(verdict).toMatchObject({ problem: null, purged: finished * 5 });
    expect(code).toBe(0);
  });
});
