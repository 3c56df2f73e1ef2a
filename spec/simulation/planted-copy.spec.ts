/** A bug in a copy of a module of ours, not in what it stands on: the intake says OK, then records. */
import { right } from 'fp-ts/lib/Either.js';
import { describe, expect, it, vi } from 'vitest';
import { hunt } from './simulate.ts';

vi.mock('../../actors/receive.ts', async (original) => {
  const real = await original<typeof import('../../actors/receive.ts')>();
  return {
    ...real,
    take: (...file: Parameters<typeof real.take>) => {
      void real.take(...file);
      return Promise.resolve(right({ transfer: undefined }));
    },
  };
});

describe('the simulation', () => {
  it('finds an intake that says OK before it records', { timeout: 300_000 }, async () => {
    const verdict = await hunt(() => ({}), 5_000);
    expect(verdict?.found.join('\n')).toMatch(
      /was accepted and delivered 0 times|got its OK with \d+ bytes, then stat said "notFound"/,
    );
  });
});
