import { isRight } from 'fp-ts/lib/Either.js';
import { describe, expect, it, vi } from 'vitest';
import { guardedPayloads, roomToStart, watchDisk } from '../../actors/disk.ts';
import { createLog } from '../../adapters/shared/log.ts';
import { diskSettings, marksOf } from '../../domain/disk.ts';
import { manualClock } from '../support/manual-clock.ts';
import { memoryDisk } from '../support/memory-disk.ts';
import { memoryPayloadStore } from '../support/memory-payload-store.ts';
import { failureOf, succeeded } from '../support/outcome.ts';

const settings = diskSettings.parse({ mark: 100, logMark: 50, reserve: 200 });

const watched = async (total = 1000) => {
  const [disk, clock, lines] = [memoryDisk(total), manualClock(), [] as string[]];
  const log = createLog({ level: 'debug', format: 'text', write: (line) => lines.push(line), clock });
  const guard = await watchDisk({ disk, settings, clock, log });
  const mayTake = async (bytes = 0) => isRight(await guard.mayTake(bytes));
  const said = (what: string) => lines.filter((line) => line.includes(what)).length;
  return { disk, clock, guard, mayTake, said };
};

describe('the marks', () => {
  it('are 5 % or 256 MiB, whichever is smaller, and a quarter of it for the log', () => {
    const defaults = diskSettings.parse({});
    expect(marksOf(defaults, 1000)).toEqual({ mark: 50, logMark: 12 });
    expect(marksOf(defaults, 2 ** 50)).toEqual({ mark: 256 * 2 ** 20, logMark: 64 * 2 ** 20 });
    expect(defaults.reserve).toBe(64 * 2 ** 20);
  });

  it('are what the config says; the one of the log never above the other', () => {
    expect(marksOf(diskSettings.parse({ mark: '10 %', logMark: '1 KiB' }), 1000)).toEqual({ mark: 100, logMark: 100 });
    expect(marksOf(diskSettings.parse({ mark: '1 KiB', logMark: '1 %' }), 1000)).toEqual({ mark: 1024, logMark: 10 });
  });
});

describe('the guard of a disk', () => {
  it('makes the reserve at the start, and takes data', async () => {
    const { disk, mayTake } = await watched();
    expect(disk.reserved()).toBe(200);
    expect(await mayTake()).toBe(true);
  });

  it('takes nothing beyond the mark, and raises one alarm', async () => {
    const { disk, clock, mayTake, said } = await watched();
    disk.others = 701;
    clock.advance(1_000);
    for (let i = 0; i < 3; i += 1) expect(await mayTake()).toBe(false);
    expect(said('alarm the disk is nearly full')).toBe(1);
  });

  it('goes on when there is room again, a little beyond the mark, and says so once', async () => {
    const { disk, clock, mayTake, said } = await watched();
    disk.others = 750;
    clock.advance(1_000);
    expect(await mayTake()).toBe(false);
    disk.others = 695;
    clock.advance(1_000);
    expect(await mayTake()).toBe(false);
    disk.others = 600;
    clock.advance(1_000);
    expect(await mayTake()).toBe(true);
    expect(said('info  there is room on the disk again')).toBe(1);
  });

  it('sees by itself that others have filled the disk', async () => {
    const { disk, clock, said } = await watched();
    disk.others = 750;
    clock.advance(1_000);
    await vi.waitFor(() => expect(said('nearly full')).toBe(1));
    disk.others = 0;
    await vi.waitFor(() => {
      clock.advance(1_000);
      expect(said('there is room on the disk again')).toBe(1);
    });
  });

  it('looks at once where what it took since could have passed the mark', async () => {
    const { disk, mayTake } = await watched();
    expect(await mayTake(650)).toBe(true);
    expect(disk.looks).toBe(1);
    disk.others = 650;
    expect(await mayTake(100)).toBe(true);
    disk.others = 750;
    expect(await mayTake(60)).toBe(false);
  });

  it('gives the reserve up beyond the mark of the log, without taking new data for it, and makes it again', async () => {
    const { disk, clock, mayTake, said } = await watched();
    disk.others = 760;
    clock.advance(1_000);
    expect(await mayTake()).toBe(false);
    expect(disk.reserved()).toBe(0);
    expect(said('the reserve is given up')).toBe(1);
    clock.advance(1_000);
    expect(await mayTake()).toBe(false);
    expect(disk.reserved()).toBe(0);
    disk.others = 500;
    clock.advance(1_000);
    expect(await mayTake()).toBe(true);
    expect(disk.reserved()).toBe(200);
  });

  it('keeps room for one payload of a known size at a time, where there is none for two', async () => {
    const { guard } = await watched();
    const first = await guard.claim(500);
    expect(isRight(first)).toBe(true);
    expect(await guard.claim(500)).toMatchObject({ left: { code: 'noSpace', lasting: 'temporary' } });
    if (isRight(first)) first.right();
    expect(isRight(await guard.claim(500))).toBe(true);
  });

  it('says once that it cannot see the disk, and goes by what it saw last', async () => {
    const { disk, clock, mayTake, said } = await watched();
    disk.broken = true;
    for (let i = 0; i < 3; i += 1) {
      clock.advance(1_000);
      expect(await mayTake()).toBe(true);
    }
    expect(said('alarm cannot see how full the disk is')).toBe(1);
  });
});

describe('a payload store that is guarded', () => {
  const guarded = (answers: readonly boolean[]) => {
    const left = [...answers];
    const store = memoryPayloadStore();
    const full = { kind: 'failure', lasting: 'temporary', code: 'noSpace', text: 'no room' } as const;
    const mayTake = () =>
      Promise.resolve(
        left.shift() === true ? { _tag: 'Right' as const, right: undefined } : { _tag: 'Left' as const, left: full },
      );
    return { store, seen: guardedPayloads(store, { mayTake }) };
  };

  it('takes no new payload, and no more of a running one', async () => {
    expect(await failureOf(guarded([false]).seen.write('dmz1.a'))).toMatchObject({ code: 'noSpace' });
    const writer = await succeeded(guarded([true, true, false]).seen.write('dmz1.a'));
    await succeeded(writer.write(0, Buffer.from('a')));
    expect(await failureOf(writer.write(1, Buffer.from('b')))).toMatchObject({ code: 'noSpace' });
    expect(await succeeded(writer.commit())).toMatchObject({ size: 1 });
  });

  it('still says of a payload that it is there already', async () => {
    const { store, seen } = guarded([false]);
    await succeeded((await succeeded(store.write('dmz1.a'))).commit());
    expect(await failureOf(seen.write('dmz1.a'))).toMatchObject({ code: 'exists' });
  });
});

describe('the start on a disk that is full', () => {
  it('gives the reserve up before anything is opened', async () => {
    for (const [others, left] of [
      [760, 0],
      [700, 200],
    ] as const) {
      const disk = memoryDisk(1000);
      await succeeded(disk.reserve(200));
      disk.others = others;
      await roomToStart(disk, settings);
      expect(disk.reserved()).toBe(left);
    }
  });
});
