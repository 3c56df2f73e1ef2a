import { describe, expect, it, onTestFinished } from 'vitest';
import { embeddedEventLog } from '../../../adapters/eventlog/embedded.ts';
import { sqliteReadModels } from '../../../adapters/readmodels/sqlite.ts';
import type { NewEvent, Projection } from '../../../domain/ports.ts';
import { succeeded } from '../../support/outcome.ts';
import { scratch } from '../../support/scratch.ts';
import { mountSmallDisk } from '../../support/small-disk.ts';

const event = (n: number): NewEvent => ({
  id: `00000000-0000-5000-8000-${String(n).padStart(12, '0')}`,
  type: 'x',
  data: { text: 'x'.repeat(20_000) },
  metadata: {},
});

const small = async () => {
  const directory = await scratch();
  const disk = await mountSmallDisk(directory, 4);
  onTestFinished(() => disk.unmount());
  return { directory, disk };
};

describe.each([0, 5_000, 40_000, 300_000])('with %d bytes left on a real disk', (leaving) => {
  it('the event log says that it is unavailable until there is room, keeps what it took, and lives', async () => {
    const { directory, disk } = await small();
    const fatal: Error[] = [];
    const log = await embeddedEventLog({ directory, onFatal: (error) => fatal.push(error) });
    onTestFinished(() => log.close());
    await succeeded(log.append('a', [event(0)], { expected: 'any' }));
    await disk.fill(leaving);
    const taken = [0];
    const codes = new Set<string>();
    for (let n = 1; n < 60; n += 1) {
      const done = await log.append('a', [event(n)], { expected: 'any' })();
      if (done._tag === 'Right') taken.push(n);
      else codes.add(done.left.code);
    }
    expect([...codes]).toEqual(['unavailable']);
    expect(await succeeded(log.readStream('a'))).toHaveLength(taken.length);
    await disk.makeRoom();
    await succeeded(log.append('a', [event(100)], { expected: BigInt(taken.length - 1) }));
    expect((await succeeded(log.readStream('a'))).map((each) => each.id)).toEqual(
      [...taken, 100].map((n) => event(n).id),
    );
    expect(fatal).toEqual([]);
  });

  it('the read models say that there is no room until there is, keep what they took, and live', async () => {
    const { directory, disk } = await small();
    const rows: Projection<{ readonly text: string }> = {
      name: 'rows',
      version: 1,
      indexes: {},
      keyOf: ({ stream }) => stream,
      fold: () => ({ text: '' }),
    };
    const models = await sqliteReadModels({ directory });
    onTestFinished(() => models.close());
    await succeeded(models.open(rows));
    await disk.fill(leaving);
    let taken = 0;
    const codes = new Set<string>();
    for (let n = 0; n < 60; n += 1) {
      const done = await models.put(rows, new Map([[`k${n}`, { text: 'x'.repeat(20_000) }]]))();
      if (done._tag === 'Right') taken += 1;
      else codes.add(done.left.code);
    }
    expect([...codes]).toEqual(['noSpace']);
    expect(await succeeded(models.count(rows))).toBe(taken);
    await disk.makeRoom();
    await succeeded(models.put(rows, new Map([['last', { text: 'y' }]]), { checkpoint: 'p1' }));
    expect(await succeeded(models.count(rows))).toBe(taken + 1);
  });
});
