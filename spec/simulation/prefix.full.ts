import { describe, expect, it } from 'vitest';
import { scenarios } from '../../domain/scenarios/index.ts';
import { tryMany } from './prefixes.ts';

const pasts = 2_000;

describe(`${pasts} pasts of each scenario`, () => {
  it.each(Object.values(scenarios))('are finished once: $title', async ({ id }) => {
    expect((await tryMany(id, 7, pasts)).size).toBeGreaterThan(3);
  });
});
