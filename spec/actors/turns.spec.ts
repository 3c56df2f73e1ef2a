import { describe, expect, it } from 'vitest';
import { turns } from '../../actors/turns.ts';

/** Work that ends when the test says so. */
const work = () => {
  let [began, end, fail] = [false, (): void => undefined, (_: Error): void => undefined];
  return {
    run: () =>
      new Promise<void>((resolve, reject) => {
        began = true;
        [end, fail] = [resolve, reject];
      }),
    began: () => began,
    end: () => end(),
    fail: () => fail(new Error('it failed')),
  };
};
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('turns', () => {
  it('let so many work at a time, the next in order when one has ended, however it ended', async () => {
    const inTurn = turns(2);
    const all = [work(), work(), work(), work()];
    const done = all.map((each) => inTurn('a', each.run).catch((error: unknown) => error));
    await settled();
    expect(all.map((each) => each.began())).toEqual([true, true, false, false]);
    all[1]?.fail();
    await settled();
    expect(all.map((each) => each.began())).toEqual([true, true, true, false]);
    all[0]?.end();
    await settled();
    expect(all.map((each) => each.began())).toEqual([true, true, true, true]);
    all[2]?.end();
    all[3]?.end();
    expect(await Promise.all(done)).toEqual([undefined, new Error('it failed'), undefined, undefined]);
  });

  it('of one name do not wait for another’s', async () => {
    const inTurn = turns(1);
    const [stuck, free] = [work(), work()];
    void inTurn('a', stuck.run);
    void inTurn('b', free.run);
    await settled();
    expect(free.began()).toBe(true);
  });
});
