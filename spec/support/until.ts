/** Waits for a fact; fails with what it last saw when the fact does not come true within the time (milliseconds). */
export const until = async <A>(
  what: string,
  look: () => Promise<A | undefined | false> | A | undefined | false,
  within = 20_000,
): Promise<A> => {
  const end = Date.now() + within;
  let problem: unknown;
  for (;;) {
    try {
      const seen = await look();
      if (seen !== undefined && seen !== false) return seen;
    } catch (error) {
      problem = error;
    }
    if (Date.now() > end) throw new Error(`waited ${within} ms for: ${what}`, { cause: problem });
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
};
