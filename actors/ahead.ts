/** The same values, so many of them asked for before they are wanted. */
export async function* ahead<A>(values: AsyncIterable<A>, most: number): AsyncGenerator<A, void> {
  const iterator = values[Symbol.asyncIterator]();
  const asked: Promise<IteratorResult<A>>[] = [];
  const ask = (): void => {
    const next = iterator.next();
    next.catch(() => undefined);
    asked.push(next);
  };
  try {
    for (let i = 0; i < most; i += 1) ask();
    for (;;) {
      const next = await asked.shift();
      if (next === undefined || next.done === true) return;
      ask();
      yield next.value;
    }
  } finally {
    // Not waited for: it may be waiting for what never comes.
    void iterator.return?.();
  }
}
