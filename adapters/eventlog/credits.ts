/** What may be on its way at once; beyond that the next waits its turn. */
export type Amount = { readonly events: number; readonly bytes: number };

/** Credits for a bounded queue, given in the order in which they were asked for. Whoever takes must give back. */
export const credits = (limit: Amount) => {
  let events = 0;
  let bytes = 0;
  let waiting: { readonly amount: Amount; readonly go: () => void }[] = [];
  const fits = (amount: Amount): boolean =>
    events + amount.events <= limit.events && bytes + amount.bytes <= limit.bytes;
  const take = (amount: Amount): void => {
    events += amount.events;
    bytes += amount.bytes;
  };
  return {
    /** Can it ever be had? */
    allows: (amount: Amount): boolean => amount.events <= limit.events && amount.bytes <= limit.bytes,
    take: (amount: Amount): Promise<void> =>
      new Promise((go) => {
        if (waiting.length === 0 && fits(amount)) {
          take(amount);
          go();
        } else waiting.push({ amount, go });
      }),
    give: (amount: Amount): void => {
      events -= amount.events;
      bytes -= amount.bytes;
      let served = 0;
      for (const { amount: wanted, go } of waiting) {
        if (!fits(wanted)) break;
        take(wanted);
        served += 1;
        go();
      }
      if (served > 0) waiting = waiting.slice(served);
    },
  };
};
