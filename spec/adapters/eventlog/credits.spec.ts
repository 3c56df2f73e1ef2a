import { describe, expect, it } from 'vitest';
import { credits } from '../../../adapters/eventlog/credits.ts';

/** Lets every promise that can settle do so. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('credits', () => {
  const taking = () => {
    const queue = credits({ events: 10, bytes: 100 });
    const got: string[] = [];
    const take = (name: string, events: number, bytes: number) => {
      void queue.take({ events, bytes }).then(() => got.push(name));
    };
    return { queue, got, take };
  };

  it('make the next wait while as much is on its way as may be', async () => {
    const { queue, got, take } = taking();
    take('a', 10, 1);
    take('b', 1, 1);
    await settled();
    expect(got).toEqual(['a']);
    queue.give({ events: 10, bytes: 1 });
    await settled();
    expect(got).toEqual(['a', 'b']);
  });
  it('bound bytes as well as events', async () => {
    const { got, take } = taking();
    take('a', 1, 99);
    take('b', 1, 2);
    await settled();
    expect(got).toEqual(['a']);
  });
  it('are given in the order in which they were asked for', async () => {
    const { queue, got, take } = taking();
    take('a', 5, 5);
    take('large', 10, 10);
    take('small', 1, 1);
    await settled();
    expect(got).toEqual(['a']);
    queue.give({ events: 5, bytes: 5 });
    await settled();
    expect(got).toEqual(['a', 'large']);
  });
  it('say what can never be had', () => {
    const { queue } = taking();
    expect(queue.allows({ events: 10, bytes: 100 })).toBe(true);
    expect(queue.allows({ events: 11, bytes: 1 })).toBe(false);
    expect(queue.allows({ events: 1, bytes: 101 })).toBe(false);
  });
});
