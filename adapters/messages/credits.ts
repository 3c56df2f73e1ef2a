/** Bytes that may be on their way at the same time; who asks for more waits its turn. */

/** Runs `use` once its bytes are free, in the order of asking. More than all of them at once waits until nothing else runs. */
export const credits = (most: number): (<A>(bytes: number, use: () => Promise<A>) => Promise<A>) => {
  let taken = 0;
  const waiting: { readonly bytes: number; readonly go: () => void }[] = [];
  const next = (): void => {
    for (let first = waiting[0]; first !== undefined; first = waiting[0]) {
      if (taken > 0 && taken + first.bytes > most) return;
      waiting.shift();
      taken += first.bytes;
      first.go();
    }
  };
  return async (bytes, use) => {
    await new Promise<void>((go) => {
      waiting.push({ bytes, go });
      next();
    });
    try {
      return await use();
    } finally {
      taken -= bytes;
      next();
    }
  };
};
