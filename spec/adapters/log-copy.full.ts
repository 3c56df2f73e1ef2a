import { expect, it } from 'vitest';
import { copiedBothWays } from '../support/copy-command.ts';
import { scratch } from '../support/scratch.ts';

it('moves 100,000 events to EventStoreDB and back, killed in the middle both times, and all are equal', async () => {
  const { original, there, again } = await copiedBothWays(await scratch(), 100_000, 3_000_000);
  for (const [way, { before, took }] of Object.entries({ there, back: again }))
    process.stdout.write(
      `${way}: ${before} events were there, the other ${original.events - before} and both readings took ${Math.round(took / 1000)} s\n`,
    );
  expect(original.events).toBe(100_000);
});
