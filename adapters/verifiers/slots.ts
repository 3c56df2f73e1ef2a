import { failing, temporary } from '../../domain/failure.ts';

/** Runs at most `most` pieces of work at a time, in order; refuses (failure `busy`) when `queue` are waiting. */
export const slots = (most: number, queue: number) => {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async <A>(work: () => Promise<A>): Promise<A> => {
    if (running < most) running += 1;
    else if (waiting.length < queue) await new Promise<void>((resolve) => waiting.push(resolve));
    else throw failing(temporary('busy', 'too many password checks are waiting; try again in a moment'));
    try {
      return await work();
    } finally {
      // The place goes to the next directly, so that nobody overtakes.
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
};
