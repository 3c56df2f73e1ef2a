/**
 * The same values, the next of them always asked for before it is wanted. One only: what a generator is asked for while it
 * still answers, it keeps in a list, and a list of pages that outlives its pages is what garbage collection is slow at.
 */
export async function* ahead<A>(values: AsyncIterable<A>): AsyncGenerator<A, void> {
  const iterator = values[Symbol.asyncIterator]();
  const ask = (): Promise<IteratorResult<A>> => {
    const asked = iterator.next();
    asked.catch(() => undefined);
    return asked;
  };
  try {
    for (let next = ask(); ; ) {
      const answer = await next;
      if (answer.done === true) return;
      next = ask();
      yield answer.value;
    }
  } finally {
    // Not waited for: it may be waiting for what never comes.
    void iterator.return?.();
  }
}
