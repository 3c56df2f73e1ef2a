import { left } from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { lastSegment, segmentAt, segmentOf } from '../../actors/segments.ts';
import { segmentHash, segmentText } from '../../domain/chain.ts';
import { type LogFailure, temporary } from '../../domain/failure.ts';
import type { EventLog } from '../../domain/ports.ts';
import { manualClock } from '../support/manual-clock.ts';
import { memoryEventLog } from '../support/memory-event-log.ts';
import { succeeded } from '../support/outcome.ts';
import { sealedLog, segmentsIn } from '../support/sealed-log.ts';
import { until } from '../support/until.ts';

const many = 1_000;

/** A copy of a log, its events at other positions: those of another log stand between them. */
const copyOf = async (log: EventLog, node: string): Promise<EventLog> => {
  const copy = memoryEventLog();
  const noise = { id: 'x', type: 'noise', data: {}, metadata: {} };
  await succeeded(copy.append('noise-1', [noise], { expected: 'any' }));
  for (const { stream, id, type, data, metadata } of await succeeded(log.readAll({ limit: many })))
    await succeeded(copy.append(stream, [{ id, type, data, metadata }], { expected: 'any' }));
  expect(await segmentsIn(copy, node)).toEqual(await segmentsIn(log, node));
  return copy;
};

describe('a log', () => {
  it('is sealed whenever there are enough events, each segment signed and bound to the one before', async () => {
    const eventLog = memoryEventLog();
    const server = sealedLog(eventLog);
    await server.feed('run-1', 12);
    await until('two segments', () => server.seals() === 2);
    const [one, two] = await segmentsIn(eventLog, 'dmz-1');
    expect(one).toMatchObject({ n: 1, from: 1, to: 5, previous: '', last: { stream: 'run-1', revision: '4' } });
    expect(two).toMatchObject({ n: 2, from: 6, to: 10, previous: one && segmentHash(one, server.ids.sha256) });
    for (const each of [one, two])
      expect(each && server.signatures.verify(segmentText(each), each.signature)).toBe(true);
    await server.stop();
  });

  it('is sealed a minute after the first event that is not, and not again while nothing happens', async () => {
    const eventLog = memoryEventLog();
    const server = sealedLog(eventLog);
    await server.feed('run-1', 1);
    await until('a segment', () => {
      server.clock.advance(60_000);
      return server.seals() === 1;
    });
    server.clock.advance(600_000);
    await server.stop();
    expect(await segmentsIn(eventLog, 'dmz-1')).toMatchObject([{ n: 1, from: 1, to: 1 }]);
  });

  it('is sealed to its end when the server stops, and goes on from there when it starts again', async () => {
    const eventLog = memoryEventLog();
    const first = sealedLog(eventLog);
    await first.feed('run-1', 7);
    await until('a segment', () => first.seals() === 1);
    await first.stop();
    const second = sealedLog(eventLog, { ids: first.ids });
    await second.feed('run-2', 5);
    await until('a segment', () => second.seals() === 1);
    await second.stop();
    const ranges = (await segmentsIn(eventLog, 'dmz-1')).map(({ n, from, to }) => [n, from, to]);
    expect(ranges).toEqual([
      [1, 1, 5],
      [2, 6, 7],
      [3, 8, 12],
    ]);
  });

  it('goes on from the last segment where it is a copy, with its events at other positions', async () => {
    const eventLog = memoryEventLog();
    const first = sealedLog(eventLog);
    await first.feed('run-1', 7);
    await until('a segment', () => first.seals() === 1);
    await first.stop();
    const copy = await copyOf(eventLog, 'dmz-1');
    const second = sealedLog(copy, { ids: first.ids });
    await second.feed('run-1', 5);
    await until('a segment', () => second.seals() === 1);
    await second.stop();
    const last = await lastSegment(copy, 'dmz-1');
    expect(last).toMatchObject({ n: 3, from: 8, to: 12, last: { revision: '11' } });
  });

  it('is sealed once it can be written again, and only then a long trouble is over', async () => {
    const memory = memoryEventLog();
    let [full, tries] = [true, 0];
    const unavailable: LogFailure = { ...temporary('unavailable', 'the disk is full'), code: 'unavailable' };
    const eventLog: EventLog = {
      ...memory,
      append: (stream, events, options) => {
        if (!stream.startsWith('audit-')) return memory.append(stream, events, options);
        tries += 1;
        return full ? () => Promise.resolve(left(unavailable)) : memory.append(stream, events, options);
      },
    };
    const clock = manualClock();
    const server = sealedLog(eventLog, { clock });
    await server.feed('run-1', 5);
    await until('it has tried several times', () => {
      clock.advance(30_000);
      return tries > 6;
    });
    expect(server.alarms).toEqual(['the event log cannot be sealed; it is tried again']);
    full = false;
    await until('a segment', () => {
      clock.advance(30_000);
      return server.seals() === 1;
    });
    await server.stop();
    expect(await segmentsIn(eventLog, 'dmz-1')).toMatchObject([{ n: 1, from: 1, to: 5 }]);
  });

  it('has its segments found by their number, the last one, and the one that seals an event', async () => {
    const eventLog = memoryEventLog();
    expect(await lastSegment(eventLog, 'dmz-1')).toBeUndefined();
    const server = sealedLog(eventLog, { limits: { events: 3, after: 60_000 } });
    await server.feed('run-1', 40);
    await until('segments', () => server.seals() === 13);
    for (const n of [1, 2, 7, 13]) expect(await segmentAt(eventLog, 'dmz-1', n)).toMatchObject({ n });
    expect(await lastSegment(eventLog, 'dmz-1')).toMatchObject({ n: 13 });
    const events = await succeeded(eventLog.readStream('run-1'));
    const found = await Promise.all(events.map((event) => segmentOf(eventLog, 'dmz-1', event)));
    expect(found.map((each) => each?.n)).toEqual(events.map((_, i) => (i < 39 ? Math.floor(i / 3) + 1 : undefined)));
    await server.stop();
  });
});
