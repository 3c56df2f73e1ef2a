import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PayloadStore, PayloadWriter } from '../../../domain/ports.ts';
import { openDisk } from '../../support/disk-payloads.ts';
import { memoryPayloadStore } from '../../support/memory-payload-store.ts';
import { bytesOf, succeeded } from '../../support/outcome.ts';

const size = 40_000;

/** What a client may do: write anywhere, let the disk catch up, break off and come back. */
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ at: fc.nat(size), length: fc.integer({ min: 1, max: 12_000 }), fill: fc.nat(255) }),
  },
  { weight: 2, arbitrary: fc.constant('pause' as const) },
  { weight: 1, arbitrary: fc.constant('resume' as const) },
);

/** A whole file cut into pieces, in any order, so that permutations are tried and not only overlaps. */
const shuffled = fc
  .uniqueArray(fc.integer({ min: 1, max: size - 1 }), { maxLength: 12 })
  .map((cuts) => [0, ...cuts.sort((a, b) => a - b), size])
  .map((ends) => ends.slice(1).map((end, i) => ({ at: ends[i] ?? 0, length: end - (ends[i] ?? 0), fill: i + 1 })))
  .chain((pieces) => fc.shuffledSubarray(pieces, { minLength: pieces.length, maxLength: pieces.length }));

const steps = fc.tuple(fc.array(step, { maxLength: 25 }), shuffled).map(([any, all]) => [...any, ...all]);

describe('payloads that arrive in any order', () => {
  it('have the bytes, the size and the hash that the same writes have in memory', async () => {
    const { store } = await openDisk();
    const memory = memoryPayloadStore();
    let count = 0;
    await fc.assert(
      fc.asyncProperty(steps, async (list) => {
        count += 1;
        const key = `dmz1.n${count}`;
        const stores: readonly PayloadStore[] = [store, memory];
        let writers: readonly PayloadWriter[] = await Promise.all(stores.map((each) => succeeded(each.write(key))));
        const sizes = (): ReadonlySet<number> => new Set(writers.map((each) => each.size));
        for (const each of list) {
          if (each === 'pause') await new Promise(setImmediate);
          else if (each === 'resume') {
            await Promise.all(writers.map((writer) => writer.abandon({ keep: true })));
            writers = await Promise.all(stores.map((one) => succeeded(one.write(key, { resume: true }))));
          } else {
            const bytes = Buffer.alloc(each.length, each.fill);
            for (const writer of writers) await succeeded(writer.write(each.at, bytes));
          }
          expect(sizes().size).toBe(1);
        }
        const [onDisk, inMemory] = await Promise.all(writers.map((writer) => succeeded(writer.commit())));
        expect(onDisk).toEqual(inMemory);
        const [read, expected] = await Promise.all(stores.map(async (one) => bytesOf(await succeeded(one.read(key)))));
        expect(read?.equals(expected ?? Buffer.alloc(0))).toBe(true);
      }),
      { numRuns: 150 },
    );
  });
});
