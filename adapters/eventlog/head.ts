/** The end of the log as the followers see it: it only rises, until the log closes. */
export const risingHead = (start: number) => {
  let head = start;
  let closed = false;
  const waiting = new Set<() => void>();
  const wake = (): void => {
    for (const go of waiting) go();
  };
  return {
    now: (): number => head,
    closed: (): boolean => closed,
    rise: (to: number): void => {
      if (to <= head) return;
      head = to;
      wake();
    },
    /** No more will come. */
    close: (): void => {
      closed = true;
      wake();
    },
    /** Waits until there is something after `ordinal`, the signal aborts, or the log has closed. */
    beyond: (ordinal: number, signal: AbortSignal): Promise<void> =>
      new Promise((resolve) => {
        const look = (): void => {
          if (head <= ordinal && !closed && !signal.aborted) return;
          waiting.delete(look);
          signal.removeEventListener('abort', look);
          resolve();
        };
        waiting.add(look);
        signal.addEventListener('abort', look);
        look();
      }),
  };
};
