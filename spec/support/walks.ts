/** Transfers that take whatever way their machine lets them. */
import * as fc from 'fast-check';
import { scenarios } from '../../domain/scenarios/index.ts';
import { apply, begin, can } from '../../domain/transfer/fold.ts';
import { type EventType, type Fact, type TransferEvent, vocabulary } from '../../domain/transfer/vocabulary.ts';
import { fact, id, payload, recorded } from './given.ts';

/** The event with which a scenario opens. */
export const opening = (scenario: string, name = 'a.xml'): Fact => {
  if (scenario === 'partnerSends') return fact('received', { name });
  const source = { path: `/out/${name}`, name, size: 3, after: 'delete' };
  const target = { kind: 'partner', directory: '/in', name };
  const again = { name, payload, again: id, by: { login: 'operator' } };
  const rest =
    scenario === 'cronGet'
      ? { source, profile: 'orders' }
      : scenario.startsWith('process')
        ? again
        : { payload, target };
  const dmz = scenario.startsWith('inner') || scenario.startsWith('process') ? {} : { dmz: 'dmz-1' };
  return { type: 'created', data: { scenario, channel: 'acme', ...rest, ...dmz } } as unknown as Fact;
};

/** The events of a transfer to which these things happened, leaving out what its machine does not take. */
export const walk = (scenario: string, types: readonly EventType[], name?: string): readonly TransferEvent[] => {
  let folded = begin(id, scenario);
  const events: TransferEvent[] = [];
  for (const what of [opening(scenario, name), ...types.map((type) => fact(type))]) {
    const event = recorded(folded, what);
    if (!can(folded, event)) continue;
    events.push(event);
    folded = apply(folded, event, folded.revision + 1n);
  }
  return events;
};

const types = Object.keys(vocabulary) as EventType[];

/** Any transfer of any scenario: its path is gone some way, with anything else in between. */
export const anyWalk: fc.Arbitrary<readonly TransferEvent[]> = fc
  .record({
    scenario: fc.constantFrom(...Object.values(scenarios)),
    noise: fc.array(fc.array(fc.constantFrom(...types), { maxLength: 5 }), { minLength: 1, maxLength: 10 }),
    name: fc.string({ unit: 'binary', maxLength: 255 }),
    pause: fc.integer({ min: 0, max: 40_000_000 }),
    node: fc.constantFrom('dmz', 'a-very-long-name-of-a-node-that-stands-in-another-country'),
  })
  .map(({ scenario, noise, name, pause, node }) => {
    const path = Object.values(scenario.path).flatMap((ways) => Object.keys(ways) as EventType[]);
    const steps = noise.flatMap((each, i) => [...each, ...path.slice(i, i + 1)]);
    return walk(scenario.id, steps, name).map((event, i) => {
      const origin = event.meta.origin === 'dmz-1' ? node : event.meta.origin;
      return { ...event, meta: { ...event.meta, origin, at: 1_800_000_000_000 + i * pause } };
    });
  });
