import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../adapters/shared/clock.ts';
import { manualClock } from '../../support/manual-clock.ts';

const day = 86_400_000;

describe.each([
  {
    name: 'the clock of the machine',
    open: () => ({ clock: systemClock(), advance: (ms: number) => void vi.advanceTimersByTime(ms) }),
  },
  {
    name: 'the clock of tests',
    open: () => {
      const clock = manualClock();
      return {
        clock,
        advance: (ms: number) => {
          clock.advance(ms);
        },
      };
    },
  },
])('$name', ({ open }) => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('calls back once, when the time is over', () => {
    const { clock, advance } = open();
    const callback = vi.fn();
    clock.after(1000, callback);
    advance(999);
    expect(callback).not.toHaveBeenCalled();
    advance(1);
    advance(5000);
    expect(callback).toHaveBeenCalledTimes(1);
  });

  it('calls back in the order of time, and tells that time', () => {
    const { clock, advance } = open();
    const start = clock.now();
    const calls: string[] = [];
    const note = (name: string) => () => calls.push(`${name} ${clock.now() - start}`);
    clock.after(30, note('c'));
    clock.after(10, () => {
      note('a')();
      clock.after(10, note('b'));
    });
    advance(100);
    expect(calls).toEqual(['a 10', 'b 20', 'c 30']);
    expect(clock.now() - start).toBe(100);
  });

  it('does not call back what was cancelled', () => {
    const { clock, advance } = open();
    const callback = vi.fn();
    clock.after(10, callback)();
    advance(100);
    expect(callback).not.toHaveBeenCalled();
  });

  it('waits for as long as it is told, beyond the longest timer of the system', () => {
    const { clock, advance } = open();
    const [callback, cancelled] = [vi.fn(), vi.fn()];
    clock.after(60 * day, callback);
    const cancel = clock.after(60 * day, cancelled);
    advance(59 * day);
    expect(callback).not.toHaveBeenCalled();
    cancel();
    advance(day);
    expect(callback).toHaveBeenCalledTimes(1);
    expect(cancelled).not.toHaveBeenCalled();
  });

  it('takes a time below zero for none', () => {
    const { clock, advance } = open();
    const callback = vi.fn();
    clock.after(-5, callback);
    expect(callback).not.toHaveBeenCalled();
    advance(1);
    expect(callback).toHaveBeenCalledTimes(1);
  });
});

describe('the monotonic time of the machine', () => {
  it('does not follow the wall clock', () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const clock = systemClock();
    const before = clock.monotonic();
    vi.setSystemTime(Date.now() + 30 * day);
    expect(clock.monotonic() - before).toBeLessThan(day);
    vi.useRealTimers();
  });
});
