import { describe, expect, it, onTestFinished } from 'vitest';
import { copyEvents } from '../../../adapters/eventlog/copy.ts';
import { unmark, whyNotWhole } from '../../../adapters/eventlog/mark.ts';
import { fillerType, type MovableLog } from '../../../adapters/eventlog/movable.ts';
import type { CopyProgress } from '../../../adapters/shared/log-copy.ts';
import { appendTo, codeOf, event, never, rightOf, takeUntil } from '../../support/event-log-under-test.ts';
import { startEventStore } from '../../support/eventstore/index.ts';
import { contentIn, embeddedIn, fill, wireAt } from '../../support/logs-to-copy.ts';
import { scratch } from '../../support/scratch.ts';

const wire = async (): Promise<MovableLog> => {
  const server = await startEventStore();
  onTestFinished(() => server.close());
  return wireAt(server.url);
};
const embedded = async (): Promise<MovableLog> => embeddedIn(await scratch());
const copy = (from: MovableLog, to: MovableLog, signal = never, told: CopyProgress[] = []) =>
  copyEvents({ from, to, signal, progress: (progress) => void told.push(progress) });
const all = async (log: MovableLog) =>
  rightOf(await log.readAll({ limit: 10_000 })()).map(({ position: _, ...each }) => each);

describe.each([
  ['from the data directory to EventStoreDB', embedded, wire],
  ['from EventStoreDB to the data directory', wire, embedded],
])('copying a log %s', (_, openSource, openTarget) => {
  const given = async (events = 0) => {
    const [from, to] = [await openSource(), await openTarget()];
    await fill(from, events);
    return { from, to };
  };

  it('keeps the order of the whole log, and every event as it is', async () => {
    const { from, to } = await given(200);
    const told: CopyProgress[] = [];
    const copied = await copy(from, to, never, told);
    expect(copied).toMatchObject({ before: 0, source: { events: 200 } });
    expect(copied.target).toEqual(copied.source);
    expect(await all(to)).toEqual(await all(from));
    expect([...new Set(told.map(({ phase }) => phase))]).toEqual(['comparing', 'copying', 'verifying']);
    expect(told.at(-1)).toEqual({ phase: 'verifying', done: 200, of: 200 });
  });

  it('goes on where it was stopped, as often as it is stopped', async () => {
    const { from, to } = await given(150);
    let [stops, before] = [0, 0];
    for (;;) {
      const stop = new AbortController();
      const until = before + 40;
      const progress = ({ phase, done }: CopyProgress): void => {
        if (phase === 'copying' && done >= until) stop.abort();
      };
      const why = await copyEvents({ from, to, signal: stop.signal, progress }).then(
        () => undefined,
        (error: unknown) => String(error),
      );
      if (why === undefined) break;
      expect(why).toBe('Error: it was stopped');
      stops += 1;
      expect(await whyNotWhole(to)).toMatch(/the copy is not complete/);
      const there = (await all(to)).length;
      expect(there).toBeGreaterThan(before);
      before = there;
    }
    expect(stops).toBeGreaterThan(0);
    expect(await whyNotWhole(to)).toBeUndefined();
    expect(await contentIn(to)).toEqual(await contentIn(from));
  });

  it('copies what has been added since, and nothing where there is nothing new', async () => {
    const { from, to } = await given(50);
    await copy(from, to);
    expect(await copy(from, to)).toMatchObject({ before: 50, target: { events: 50 } });
    rightOf(await appendTo(from, 'agent-a', [event(1), event(2)], 'noStream'));
    expect(await copy(from, to)).toMatchObject({ before: 50, target: { events: 52 } });
    expect(await all(to)).toEqual(await all(from));
  });

  it('refuses a log that is not the beginning of the other, names the first event that differs, and writes nothing', async () => {
    const { from, to } = await given();
    const [same, other] = [event(0), event(1)];
    for (const log of [from, to]) rightOf(await appendTo(log, 'a-1', [same], 'noStream'));
    rightOf(await appendTo(from, 'a-1', [other], 0n));
    rightOf(await appendTo(to, 'a-1', [{ ...other, data: { n: 2 } }], 0n));
    await expect(copy(from, to)).rejects.toThrow(
      `from event 2 on: they have other contents for a-1 revision 1 (counted, ${other.id})`,
    );
    expect(await all(to)).toHaveLength(2);
    expect(await whyNotWhole(to)).toBeUndefined();
  });

  it('refuses a log that holds more than the other', async () => {
    const { from, to } = await given();
    const known = event(0);
    for (const log of [from, to]) rightOf(await appendTo(log, 'a-1', [known], 'noStream'));
    rightOf(await appendTo(to, 'b-1', [event(1)], 'noStream'));
    await expect(copy(from, to)).rejects.toThrow(/holds more than the other, beginning with b-1 revision 0/);
  });

  it('hides in the copy what is hidden in the other, with the same revisions', async () => {
    const { from, to } = await given();
    rightOf(
      await appendTo(
        from,
        'a-1',
        [0, 1, 2, 3].map((n) => event(n)),
        'noStream',
      ),
    );
    rightOf(
      await appendTo(
        from,
        'gone-1',
        [4, 5].map((n) => event(n)),
        'noStream',
      ),
    );
    rightOf(await appendTo(from, 'b-1', [event(6)], 'noStream'));
    rightOf(await from.setRetention('a-1', { keepFrom: 3n })());
    rightOf(await from.setRetention('gone-1', { keepFrom: 2n })());
    const copied = await copy(from, to);
    expect(copied).toMatchObject({ target: { ...copied.source, events: 2 } });
    expect(rightOf(await to.readStream('a-1')())).toMatchObject([{ revision: 3n, data: { n: 3 } }]);
    expect(rightOf(await to.readStream('gone-1')())).toEqual([]);
    expect(codeOf(await appendTo(to, 'gone-1', [event(7)], 'noStream'))).toBe('conflict');
    expect(rightOf(await appendTo(to, 'gone-1', [event(7)], 1n)).revision).toBe(2n);
    const followed = await takeUntil(to.follow(undefined, never), (__, marks) => marks > 0);
    expect(followed.events.map(({ type }) => type)).not.toContain(fillerType);
    expect(followed.events).toHaveLength(3);
  });

  it('hides what was hidden after a copy was cut', async () => {
    const { from, to } = await given();
    rightOf(
      await appendTo(
        from,
        'a-1',
        [0, 1].map((n) => event(n)),
        'noStream',
      ),
    );
    await copy(from, to);
    rightOf(
      await appendTo(
        from,
        'a-1',
        [2, 3, 4].map((n) => event(n)),
        1n,
      ),
    );
    rightOf(await from.setRetention('a-1', { keepFrom: 4n })());
    const copied = await copy(from, to);
    expect(copied.target).toEqual(copied.source);
    expect(rightOf(await to.readStream('a-1')())).toMatchObject([{ revision: 4n, data: { n: 4 } }]);
    await expect(copy(to, from)).resolves.toMatchObject({ before: 1 });
  });

  it('does not copy from a log that is not all there itself', async () => {
    const { from, to } = await given(20);
    const stop = new AbortController();
    const cut = copyEvents({
      from,
      to,
      signal: stop.signal,
      progress: ({ phase }) => phase === 'copying' && stop.abort(),
    });
    await expect(cut).rejects.toThrow('it was stopped');
    await expect(copy(to, await openSource())).rejects.toThrow(/cannot be used: another event log is being copied/);
    await unmark(to);
    await expect(copy(to, await openSource())).resolves.toMatchObject({ before: 0 });
  });

  it('goes on with events of a mebibyte', async () => {
    const { from, to } = await given();
    const large = Array.from({ length: 3 }, (__, n) => ({ ...event(n), data: { text: 'x'.repeat(1_000_000) } }));
    for (const [n, each] of large.entries()) rightOf(await appendTo(from, 'a-1', [each], BigInt(n) - 1n));
    expect(await copy(from, to)).toMatchObject({ target: { events: 3 } });
    expect(await all(to)).toEqual(await all(from));
  });
});
