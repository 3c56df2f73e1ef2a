import { describe, expect, it } from 'vitest';
import { planned, selectRows } from '../../../adapters/readmodels/sql.ts';
import type { Query } from '../../../domain/ports.ts';

const table = { name: 'ships', indexes: ['crew', 'port', 'size'], sparse: [] };
/** The index by which a page is read where the conditions on each index find so many rows. */
const indexOf = (query: Partial<Query>, found: Readonly<Record<string, number>> = {}): string | undefined => {
  const countOf = ({ sql }: { readonly sql: string }): number => found[/i_(\w+)/.exec(sql)?.[1] ?? ''] ?? 0;
  return /INDEXED BY "x_ships\.(\w+)"/.exec(planned(selectRows(table, { limit: 9, ...query }), countOf).sql)?.[1];
};

describe('the plan of a query', () => {
  const where = { port: 'Kiel', crew: { from: 3 } };
  it('reads by the condition that finds fewest rows', () => {
    expect(indexOf({ where, orderBy: 'size' }, { port: 4_000, crew: 3_000 })).toBe('crew');
    expect(indexOf({ where }, { port: 4_000, crew: 5_001 })).toBe('port');
  });
  it('reads in order where every condition finds many', () => {
    expect(indexOf({ where, orderBy: 'size' }, { port: 5_001, crew: 5_001 })).toBe('size');
  });
  it('counts nothing where there is but one way', () => {
    expect(indexOf({ where: { port: 'Kiel' } })).toBe('port');
    expect(indexOf({ where: { size: { to: 3 } }, orderBy: 'size' })).toBe('size');
    expect(indexOf({})).toBeUndefined();
  });
  it('begins behind the row that a page goes on after, and reads none before it', () => {
    const { rest } = selectRows(table, {
      ...{ where: { size: { from: 2, to: 90 } }, orderBy: 'size', descending: true },
      ...{ after: [40, 'k7'], limit: 9 },
    });
    expect(rest.sql).toBe(
      ' WHERE "i_size" IS NOT NULL AND "i_size" >= ? AND "i_size" <= ? AND ("i_size", key) < (?, ?) ORDER BY "i_size" DESC, key DESC LIMIT ? OFFSET ?',
    );
    expect(rest.parameters).toEqual([2, 40, 40, 'k7', 9, 0]);
    expect(() => selectRows(table, { after: [1, 'k'], limit: 1 })).toThrow('in an order only');
  });
  it('counts no more rows than it must', () => {
    const { conditions } = selectRows(table, { where, limit: 1 });
    expect(conditions.map(({ found }) => found.sql)).toEqual([
      'SELECT count(*) AS n FROM (SELECT 1 FROM "p_ships" WHERE "i_port" = ? LIMIT 5001)',
      'SELECT count(*) AS n FROM (SELECT 1 FROM "p_ships" WHERE "i_crew" IS NOT NULL AND "i_crew" >= ? LIMIT 5001)',
    ]);
  });
});
