import { describe, expect, it } from 'vitest';
import { heldKeys } from '../../actors/held-keys.ts';

const gate = () => {
  let open: () => void = () => undefined;
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { passed, open };
};

describe('a payload key', () => {
  it('is not swept while it is held', async () => {
    const keys = heldKeys();
    await keys.hold('a');
    let swept = 0;
    const sweep = () =>
      keys.unlessHeld('a', () => {
        swept += 1;
        return Promise.resolve();
      });
    await sweep();
    expect(swept).toBe(0);
    keys.release('a');
    await sweep();
    expect(swept).toBe(1);
  });

  it('is held only after a sweep of it that is under way', async () => {
    const keys = heldKeys();
    const { passed, open } = gate();
    const told: string[] = [];
    const sweeping = keys.unlessHeld('a', () => passed.then(() => void told.push('swept')));
    const holding = keys.hold('a').then(() => told.push('held'));
    await keys.hold('b');
    expect(told).toEqual([]);
    open();
    await Promise.all([sweeping, holding]);
    expect(told).toEqual(['swept', 'held']);
  });

  it('stays held until every holder has released it', async () => {
    const keys = heldKeys();
    await keys.hold('a');
    await keys.hold('a');
    keys.release('a');
    let swept = false;
    await keys.unlessHeld('a', () => {
      swept = true;
      return Promise.resolve();
    });
    expect(swept).toBe(false);
  });

  it('can be held again where its sweep failed', async () => {
    const keys = heldKeys();
    await expect(keys.unlessHeld('a', () => Promise.reject(new Error('the disk is gone')))).rejects.toThrow();
    await keys.hold('a');
  });
});
