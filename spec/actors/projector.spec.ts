import { left } from 'fp-ts/lib/Either.js';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { startProjector } from '../../actors/projector.ts';
import { createLog } from '../../adapters/shared/log.ts';
import { temporary } from '../../domain/failure.ts';
import type { Projection, ReadModels } from '../../domain/ports.ts';
import { manualClock } from '../support/manual-clock.ts';
import { memoryEventLog } from '../support/memory-event-log.ts';
import { memoryReadModels } from '../support/memory-read-models.ts';
import { succeeded } from '../support/outcome.ts';

type Count = { readonly n: number };
const counts: Projection<Count> = {
  name: 'counts',
  version: 1,
  indexes: {},
  keyOf: (event) => event.stream,
  fold: (row) => ({ n: (row?.n ?? 0) + 1 }),
};

/** A projector over read models that fail with this code while `failing` holds. */
const running = async (code: string) => {
  const [eventLog, clock, lines] = [memoryEventLog(), manualClock(), [] as string[]];
  const memory = memoryReadModels();
  const state = { failing: false };
  const models: ReadModels = {
    ...memory,
    put: (projection, rows, checkpoint) => async () =>
      state.failing ? left(temporary(code, 'no')) : memory.put(projection, rows, checkpoint)(),
  };
  const log = createLog({ level: 'info', format: 'text', write: (line) => lines.push(line), clock });
  const stop = new AbortController();
  const projector = await startProjector({ eventLog, models, clock, log }, [counts], stop.signal);
  onTestFinished(() => stop.abort());
  const append = async (n: number) => {
    const events = [{ id: `00000000-0000-5000-8000-00000000000${n}`, type: 'x', data: {}, metadata: {} }];
    return (await succeeded(eventLog.append('a', events, { expected: 'any' }))).position;
  };
  const count = async () => (await succeeded(models.get(counts, ['a']))).get('a')?.n;
  return { projector, clock, lines, state, stop, append, count };
};

describe('read models on a full disk', () => {
  it('wait for room with one alarm, keep nobody waiting meanwhile, and lose nothing', async () => {
    const { projector, clock, lines, state, append, count } = await running('noSpace');
    await projector.settled(await append(1));
    state.failing = true;
    const second = await append(2);
    await projector.settled(second);
    expect(await count()).toBe(1);
    clock.advance(60_000);
    await projector.settled(second);
    expect(lines.filter((line) => line.includes('alarm the read models wait for room'))).toHaveLength(1);
    state.failing = false;
    await vi.waitFor(async () => {
      clock.advance(5_000);
      expect(await count()).toBe(2);
    });
    await projector.settled(await append(3));
    expect(await count()).toBe(3);
  });

  it('let the server stop while they wait', async () => {
    const { projector, state, stop, append } = await running('noSpace');
    state.failing = true;
    await projector.settled(await append(1));
    stop.abort();
    await projector.ended;
  });

  it('end the projector where something else is wrong with them', async () => {
    const { projector, state, append } = await running('unavailable');
    state.failing = true;
    await append(1);
    await expect(projector.ended).rejects.toThrow('no');
  });
});

describe('read models that do not come on', () => {
  it('keep nobody waiting for long: the event log may have gone away after an append', async () => {
    const { projector, clock } = await running('none');
    const settling = projector.settled('0000000000000009');
    clock.advance(9_999);
    const other = projector.settled('0000000000000009');
    clock.advance(1);
    expect(await settling).toBe(false);
    clock.advance(10_000);
    expect(await other).toBe(false);
  });
});
