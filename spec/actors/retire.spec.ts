import { isRight } from 'fp-ts/lib/Either.js';
import { describe, expect, it, onTestFinished } from 'vitest';
import { heldKeys } from '../../actors/held-keys.ts';
import { openInbox } from '../../actors/inbox.ts';
import { startProjector } from '../../actors/projector.ts';
import { recordingPurges } from '../../actors/record-purge.ts';
import { retiring } from '../../actors/retire.ts';
import { stepOf } from '../../actors/roles.ts';
import { laneOf } from '../../actors/transfer.ts';
import { verifyLog } from '../../actors/verify-log.ts';
import { sha256Of } from '../../adapters/shared/ids.ts';
import { encode } from '../../domain/transfer/codec.ts';
import { transferStream } from '../../domain/transfer/event-id.ts';
import type { TransferEvent } from '../../domain/transfer/vocabulary.ts';
import { auditProjection } from '../../projections/audit.ts';
import { transfersProjection } from '../../projections/transfers.ts';
import { manualClock } from '../support/manual-clock.ts';
import { delivery, spread } from '../support/many-transfers.ts';
import { memoryEventLog } from '../support/memory-event-log.ts';
import { memoryPayloadStore } from '../support/memory-payload-store.ts';
import { memoryReadModels } from '../support/memory-read-models.ts';
import { succeeded } from '../support/outcome.ts';
import { sealedLog } from '../support/sealed-log.ts';

const day = 86_400_000;
const never = new AbortController().signal;

/** A dmz with three finished deliveries and an open one, all sealed, 30 days later. */
const world = async (
  change: (events: readonly TransferEvent[], n: number) => readonly TransferEvent[] = (all) => all,
  perSegment = 5,
) => {
  const eventLog = memoryEventLog();
  const deliveries = [0, 1, 2, 3].map((n) => delivery(n, 4));
  for (const [n, { id, events }] of deliveries.entries()) {
    const all = change(events.slice(0, n === 3 ? 2 : undefined), n).map(encode);
    await succeeded(eventLog.append(transferStream(id), all, { expected: 'noStream' }));
  }
  const wall = manualClock(spread.first + 30 * day);
  let set = 0;
  const clock = { ...wall, now: () => wall.now() + set };
  const server = sealedLog(eventLog, { limits: { events: perSegment, after: 60_000 } });
  await server.feed('run-1', 12);
  await server.stop();
  const models = memoryReadModels();
  const here = { role: 'dmz', node: 'dmz-1', peer: 'inner-1', stepOf, laneOf, keepFor: 600_000 } as const;
  const projection = transfersProjection({ ...here, retries: { attempts: 1, firstDelay: 1, longestDelay: 1 } });
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const { log, streams, signatures, ids, alarms } = server;
  const projector = await startProjector({ eventLog, models, clock, log }, [projection, auditProjection], stop.signal);
  await projector.caughtUp;
  const told = (n: number, acked: number) =>
    projector.mark(projection, deliveries[n]?.id ?? '', (row) => ({ ...row, acked, tellAt: null }));
  for (const n of [0, 1, 2]) await told(n, 2);
  const recordPurge = recordingPurges({ eventLog, streams, signatures, ids, node: 'dmz-1' });
  const needs = { eventLog, models, projection, projector, streams, recordPurge, clock, log };
  const sweeps = (events: number | undefined) => retiring({ ...needs, retention: { events } });
  const [ten] = sweeps(10 * day);
  const inbox = openInbox({
    ...{ streams, payloads: memoryPayloadStore(), ids, log, role: 'dmz', node: 'dmz-1', admits: () => undefined },
    held: heldKeys(),
  });
  return {
    ...{ eventLog, deliveries, alarms, inbox, sweeps, told, recordPurge },
    sweep: async () => ten?.(never),
    setClock: (by: number) => {
      set += by;
    },
    revisions: async (n: number) =>
      (await succeeded(eventLog.readStream(transferStream(deliveries[n]?.id ?? '')))).map(({ revision }) =>
        Number(revision),
      ),
    listed: async () =>
      (await succeeded(models.query(projection, { limit: 10, orderBy: 'createdAt' }))).map(({ id }) =>
        deliveries.findIndex((each) => each.id === id),
      ),
    verified: () => verifyLog({ log: eventLog, node: 'dmz-1', sha256: sha256Of, signatures }),
  };
};

describe('events of finished transfers', () => {
  it('are purged when their time is over, all but the last, and their rows with them; open ones stay', async () => {
    const { sweep, revisions, listed } = await world();
    await sweep();
    expect(await Promise.all([0, 1, 2, 3].map(revisions))).toEqual([[6], [6], [6], [0, 1]]);
    expect(await listed()).toEqual([3]);
  });

  it('leave a log that verifies', async () => {
    const { sweep, verified, eventLog } = await world();
    await sweep();
    expect(await verified()).toMatchObject({ problem: null });
    expect(await succeeded(eventLog.readStream('purged-dmz-1'))).not.toEqual([]);
  });

  it('stay for as long as they are kept, and for ever where nothing else is said', async () => {
    const { sweeps, listed } = await world();
    expect(sweeps(undefined)).toEqual([]);
    await sweeps(31 * day)[0]?.(never);
    expect(await listed()).toEqual([0, 1, 2, 3]);
    // The second began on day 2.5, and was purged of its payload on day 3.5.
    await sweeps(27 * day)[0]?.(never);
    expect(await listed()).toEqual([1, 2, 3]);
  });

  it('stay while the payload is still here', async () => {
    const { sweep, listed } = await world((events, n) => (n === 1 ? events.slice(0, 6) : events));
    await sweep();
    expect(await listed()).toEqual([1, 3]);
  });

  it('stay while the peer has not heard all of them', async () => {
    const { sweep, listed, told } = await world();
    await told(1, 1);
    await sweep();
    expect(await listed()).toEqual([1, 3]);
  });

  it('stay while they are not sealed, or only in the last segment', async () => {
    const { sweep, listed } = await world(undefined, 100);
    await sweep();
    expect(await listed()).toEqual([0, 1, 2, 3]);
  });

  it('stay while the clock is not right, with an alarm', async () => {
    const { sweep, listed, setClock, alarms } = await world();
    setClock(365 * day);
    await sweep();
    expect(await listed()).toEqual([0, 1, 2, 3]);
    expect(alarms).toEqual([expect.stringContaining('the clock was set')]);
    setClock(-365 * day);
    await sweep();
    expect(await listed()).toEqual([3]);
  });

  it('go on being purged where a crash came between', async () => {
    const { sweep, listed, revisions, recordPurge, eventLog, deliveries, verified } = await world();
    const [first, second] = deliveries.map(({ id }) => transferStream(id));
    expect(isRight(await recordPurge(first ?? '', 6n))).toBe(true);
    expect(isRight(await recordPurge(second ?? '', 6n))).toBe(true);
    await succeeded(eventLog.setRetention(second ?? '', { keepFrom: 6n }));
    await sweep();
    expect(await listed()).toEqual([3]);
    expect(await Promise.all([0, 1].map(revisions))).toEqual([[6], [6]]);
    expect(await verified()).toMatchObject({ problem: null });
  });

  it('are not taken again where the peer comes with one of them', async () => {
    const { sweep, deliveries, inbox, revisions, alarms } = await world();
    await sweep();
    const [{ id: transfer, events } = { id: '', events: [] }] = deliveries;
    const forwarded = events.filter(({ meta }) => meta.origin === 'inner-1');
    const parcels = forwarded.map((event) => ({ transfer, event }));
    const answers = await inbox.take({ role: 'inner', node: 'inner-1' }, parcels);
    expect(answers).toEqual(forwarded.map(() => ({ result: 'stored', events: [] })));
    expect(await revisions(0)).toEqual([6]);
    expect(alarms).toEqual([]);
  });
});
