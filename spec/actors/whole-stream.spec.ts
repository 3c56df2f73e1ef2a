import { left } from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { wholeStream } from '../../actors/whole-stream.ts';
import { failureIn, type LogFailure, permanent } from '../../domain/failure.ts';
import { memoryEventLog } from '../support/memory-event-log.ts';
import { succeeded } from '../support/outcome.ts';

const event = (n: number) => ({ id: crypto.randomUUID(), type: 'counted', data: { n }, metadata: {} });

describe('a whole stream', () => {
  it.each([0, 1, 999, 1_000, 1_001, 2_500])('gives each of its %i events once, oldest first', async (count) => {
    const log = memoryEventLog();
    const events = Array.from({ length: count }, (_, n) => event(n));
    if (count > 0) await succeeded(log.append('run-a', events, { expected: 'noStream' }));
    const numbers: unknown[] = [];
    for await (const { data } of wholeStream(log, 'run-a')) numbers.push(data.n);
    expect(numbers).toEqual(events.map(({ data }) => data.n));
  });

  it('throws what the log fails with', async () => {
    const failure: LogFailure = { ...permanent('unauthorized', 'not yours'), code: 'unauthorized' };
    const reading = wholeStream({ readStream: () => () => Promise.resolve(left(failure)) }, 'run-a').next();
    expect(failureIn(await reading.catch((error: unknown) => error))).toEqual(failure);
  });
});
