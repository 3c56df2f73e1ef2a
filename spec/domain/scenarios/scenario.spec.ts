import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scenarios } from '../../../domain/scenarios/index.ts';
import { stateAfter } from '../../../domain/scenarios/scenario.ts';
import { apply, begin, can } from '../../../domain/transfer/fold.ts';
import { type EventType, vocabulary } from '../../../domain/transfer/vocabulary.ts';
import { fact, id, recorded } from '../../support/given.ts';

const types = Object.keys(vocabulary) as EventType[];

describe.each(Object.values(scenarios))('the plain path of $id', (scenario) => {
  it('agrees with its machine on every sequence of events', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...types), { maxLength: 30 }), (sequence) => {
        let folded = begin(id, scenario.id);
        for (const type of sequence) {
          const event = recorded(folded, fact(type));
          const next = stateAfter(scenario, folded.state, folded.heldFrom, type);
          expect(next !== undefined).toBe(can(folded, event));
          if (next === undefined) continue;
          folded = apply(folded, event, folded.revision + 1n);
          expect(folded.state).toBe(next);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('reaches each of its ends', () => {
    const reachable = new Set(['new']);
    for (let grown = true; grown; ) {
      const before = reachable.size;
      for (const state of [...reachable]) for (const to of Object.values(scenario.path[state] ?? {})) reachable.add(to);
      grown = reachable.size > before;
    }
    expect([...reachable]).toEqual(expect.arrayContaining([...scenario.ends]));
  });
});
