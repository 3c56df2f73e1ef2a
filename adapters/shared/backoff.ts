/** Waiting longer after each failed try. */

/** Milliseconds to wait before the next try: doubling from `first` to `most`, each halved at most by chance so that many do not try at once. */
export const backoff = (options: {
  readonly first: number;
  readonly most: number;
  readonly random: () => number;
}): { readonly next: () => number; readonly reset: () => void } => {
  let tries = 0;
  return {
    next: () => {
      const full = Math.min(options.first * 2 ** tries, options.most);
      if (full < options.most) tries++;
      return Math.round(full * (0.5 + options.random() / 2));
    },
    reset: () => {
      tries = 0;
    },
  };
};
