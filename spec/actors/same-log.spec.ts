import { describe, expect, it } from 'vitest';
import { startProjector } from '../../actors/projector.ts';
import { openForLog } from '../../actors/same-log.ts';
import type { EventLog, Projection } from '../../domain/ports.ts';
import { witnessProjection } from '../../projections/witness.ts';
import { appendTo, event, rightOf } from '../support/event-log-under-test.ts';
import { manualClock } from '../support/manual-clock.ts';
import { memoryEventLog } from '../support/memory-event-log.ts';
import { memoryReadModels } from '../support/memory-read-models.ts';
import { silent } from '../support/silent.ts';

type Count = { readonly n: number };
const counts: Projection<Count> = {
  name: 'counts',
  version: 1,
  indexes: {},
  keyOf: ({ stream }) => stream,
  fold: (row) => ({ n: (row?.n ?? 0) + 1 }),
};
const projections = [counts, witnessProjection];

/** Read models over a log, from its start until they have caught up; answers how often each stream was counted. */
const models = memoryReadModels;
const counted = async (eventLog: EventLog, store: ReturnType<typeof models>) => {
  const [stop, needs] = [new AbortController(), { eventLog, models: store, clock: manualClock(), log: silent }];
  await openForLog(needs, projections);
  const projector = await startProjector(needs, projections, stop.signal);
  await projector.caughtUp;
  stop.abort();
  await projector.ended;
  return [...rightOf(await store.get(counts, ['a-1', 'b-1', 'c-1'])())].map(([stream, { n }]) => `${stream}: ${n}`);
};
const [one, two, three] = [event(1), event(2), event(3)];
const logOf = async (...appends: readonly (readonly [string, typeof one, bigint])[]): Promise<EventLog> => {
  const log = memoryEventLog();
  for (const [stream, each, expected] of appends) rightOf(await appendTo(log, stream, [each], expected));
  return log;
};

describe('read models', () => {
  it('go on with the log that they were made of', async () => {
    const [log, store] = [await logOf(['a-1', one, -1n], ['a-1', two, 0n]), models()];
    expect(await counted(log, store)).toEqual(['a-1: 2']);
    rightOf(await appendTo(log, 'a-1', [three], 1n));
    expect(await counted(log, store)).toEqual(['a-1: 3']);
  });

  it('are built anew for a log in which the same events stand elsewhere, and then go on with it', async () => {
    const store = models();
    await counted(await logOf(['a-1', one, -1n], ['b-1', two, -1n]), store);
    const copy = await logOf(['c-1', three, -1n], ['a-1', one, -1n], ['b-1', two, -1n]);
    for (let times = 0; times < 2; times += 1)
      expect(await counted(copy, store)).toEqual(['a-1: 1', 'b-1: 1', 'c-1: 1']);
  });

  it('are built anew for a log in which other events stand there', async () => {
    const store = models();
    await counted(await logOf(['a-1', one, -1n], ['a-1', two, 0n]), store);
    expect(await counted(await logOf(['a-1', three, -1n]), store)).toEqual(['a-1: 1']);
  });

  it('are built anew where nothing says which log they were made of', async () => {
    const [store, log] = [models(), await logOf(['a-1', one, -1n])];
    rightOf(await store.open(counts)());
    rightOf(await store.put(counts, new Map([['a-1', { n: 9 }]]), { checkpoint: '0000000000000001' })());
    expect(await counted(log, store)).toEqual(['a-1: 1']);
  });

  it('do not let a server begin with an empty log', async () => {
    const store = models();
    await counted(await logOf(['a-1', one, -1n]), store);
    await expect(counted(memoryEventLog(), store)).rejects.toThrow('the event log is empty, but this server has');
  });

  it('begin with an empty log where they are empty themselves', async () => {
    expect(await counted(memoryEventLog(), models())).toEqual([]);
  });
});
