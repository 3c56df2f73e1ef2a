/** Payloads that this process is working on before they are recorded: what writes one and what sweeps it keep out of each other's way. */

/** The keys, and the two ways to be alone with one. */
export type HeldKeys = {
  /** Waits for a sweep of the key that is under way; from then on no sweep touches it. */
  hold(key: string): Promise<void>;
  release(key: string): void;
  /** Works on a key that nobody holds, and keeps holders waiting; a key that is held is left alone. */
  unlessHeld(key: string, work: () => Promise<void>): Promise<void>;
};

/** No key is held yet. */
export const heldKeys = (): HeldKeys => {
  const held = new Map<string, number>();
  const swept = new Map<string, Promise<void>>();
  return {
    hold: async (key) => {
      held.set(key, (held.get(key) ?? 0) + 1);
      await swept.get(key);
    },
    release: (key) => {
      const others = (held.get(key) ?? 1) - 1;
      if (others === 0) held.delete(key);
      else held.set(key, others);
    },
    unlessHeld: async (key, work) => {
      if (held.has(key)) return;
      const working = work().finally(() => swept.delete(key));
      swept.set(
        key,
        working.catch(() => undefined),
      );
      await working;
    },
  };
};
