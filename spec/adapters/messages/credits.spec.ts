import { describe, expect, it } from 'vitest';
import { credits } from '../../../adapters/messages/credits.ts';

const job = () => {
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { end, ended };
};

describe('the credits', () => {
  it('let nobody pass who would be too much, in the order of asking', async () => {
    const inTurn = credits(10);
    const began: string[] = [];
    const jobs = { a: job(), b: job(), c: job(), d: job() };
    const run = (name: keyof typeof jobs, bytes: number) =>
      inTurn(bytes, () => {
        began.push(name);
        return jobs[name].ended;
      });
    const all = { a: run('a', 6), b: run('b', 6), c: run('c', 4), d: run('d', 99) };
    await Promise.resolve();
    expect(began).toEqual(['a']);
    jobs.a.end();
    await all.a;
    await Promise.resolve();
    expect(began).toEqual(['a', 'b', 'c']);
    jobs.b.end();
    jobs.c.end();
    await Promise.all([all.b, all.c]);
    await Promise.resolve();
    expect(began).toEqual(['a', 'b', 'c', 'd']);
    jobs.d.end();
    await all.d;
  });

  it('are given back by a use that fails', async () => {
    const inTurn = credits(1);
    await expect(inTurn(1, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await inTurn(1, () => Promise.resolve('yes'))).toBe('yes');
  });
});
