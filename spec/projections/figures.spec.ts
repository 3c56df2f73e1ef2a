import { isLeft } from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { folding, type Patiently } from '../../actors/folding.ts';
import { stepOf } from '../../actors/roles.ts';
import { laneOf } from '../../actors/transfer.ts';
import type { LoggedEvent, Projection } from '../../domain/ports.ts';
import { encode } from '../../domain/transfer/codec.ts';
import { transferStream } from '../../domain/transfer/event-id.ts';
import { partnersSummary, ratesSummary } from '../../projections/figures.ts';
import { transfersProjection } from '../../projections/transfers.ts';
import { delivery, eventsOfFinished } from '../support/many-transfers.ts';
import { memoryReadModels } from '../support/memory-read-models.ts';
import { succeeded } from '../support/outcome.ts';

const atOnce: Patiently = async (attempt) => {
  const done = await attempt();
  if (isLeft(done)) throw new Error(done.left.text);
  return done.right;
};

const deliveries = Array.from({ length: 60 }, (_, n) => delivery(n, 60));

/** Of all deliveries the first event, then of all the second, and so on, as a log has them. */
const log: readonly LoggedEvent[] = Array.from({ length: eventsOfFinished }, (_, revision) =>
  deliveries.flatMap(({ id, events }) => {
    const event = events[revision];
    const at = { stream: transferStream(id), revision: BigInt(revision) };
    return event === undefined ? [] : [{ ...encode(event), ...at }];
  }),
)
  .flat()
  .map((event, n) => ({ ...event, position: String(n + 1).padStart(16, '0') }));

const here = { role: 'dmz', node: 'dmz-1', peer: 'inner-1', stepOf, laneOf, keepFor: 600_000 } as const;

/** The figures, and the rows, where so many events are folded before what has changed is written. */
const counted = async (together: number) => {
  const projection = transfersProjection({ ...here, retries: { attempts: 1, firstDelay: 1, longestDelay: 1 } });
  const models = memoryReadModels();
  await succeeded(models.open(projection));
  const all = folding({ models, patiently: atOnce }, projection as unknown as Projection, undefined);
  for (let n = 0; n < log.length; n += together) {
    await all.fold(log.slice(n, n + together));
    await all.flush();
  }
  return {
    partners: await succeeded(models.query(partnersSummary, { limit: 1_000 })),
    rates: await succeeded(models.query(ratesSummary, { limit: 1_000 })),
    rows: await succeeded(models.query(projection, { limit: 1_000 })),
  };
};

describe('the figures of partners', () => {
  it.each([7, 100, 10_000])('are the same whether events are counted one by one or %i together', async (together) => {
    const one = await counted(1);
    expect(one.partners[0]).toMatchObject({ transfers: 2, succeeded: 2, open: 0, held: 0 });
    expect(await counted(together)).toEqual(one);
  });
});
