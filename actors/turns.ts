/** Runs at most `most` pieces of work at a time for each name, the others in their turn: one dead peer holds up its own only. */
export const turns = (most: number) => {
  const lines = new Map<string, { running: number; readonly waiting: (() => void)[] }>();
  return async <A>(name: string, work: () => Promise<A>): Promise<A> => {
    const line = lines.get(name) ?? { running: 0, waiting: [] };
    lines.set(name, line);
    if (line.running < most) line.running += 1;
    else await new Promise<void>((resolve) => line.waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = line.waiting.shift();
      if (next === undefined) line.running -= 1;
      else next();
    }
  };
};
