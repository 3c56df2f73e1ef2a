import { describe, expect, it } from 'vitest';
import { systemIds } from '../../../adapters/shared/ids.ts';
import { transferId } from '../../../domain/transfer/vocabulary.ts';

const ids = systemIds();

describe('fresh ids', () => {
  it('are transfer ids, and never the same', () => {
    const many = Array.from({ length: 10_000 }, () => ids.fresh());
    for (const each of many) expect(transferId.safeParse(each).success).toBe(true);
    expect(new Set(many).size).toBe(many.length);
  });

  it('begin with the time in milliseconds, so that text sorts as time does', () => {
    const letters = '0123456789abcdefghjkmnpqrstvwxyz';
    const timeOf = (id: string): number =>
      [...id.slice(0, 10)].reduce((sum, letter) => sum * 32 + letters.indexOf(letter), 0);
    const before = Date.now();
    const time = timeOf(ids.fresh());
    expect(time).toBeGreaterThanOrEqual(before);
    expect(time).toBeLessThanOrEqual(Date.now());
  });
});

describe('derived ids', () => {
  it('are the same for the same parts, for good', () => {
    // These stand in logs: another result would make old responses start again.
    expect(ids.derived('parent', 0, 1)).toBe('9r24qsmap84511absb7txrsx6q');
    expect(transferId.safeParse(ids.derived('')).success).toBe(true);
  });

  it('differ where the parts are cut differently', () => {
    const some = [
      ids.derived('ab', 'c'),
      ids.derived('a', 'bc'),
      ids.derived('abc'),
      ids.derived('abc', ''),
      ids.derived('', 'abc'),
    ];
    expect(new Set(some).size).toBe(some.length);
  });
});

describe('UUIDs of names', () => {
  it('are version 5, and the same for the same name, for good', () => {
    expect(ids.uuid('name')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(ids.uuid('name')).toBe('525e4236-c0cc-519d-9fe9-427a2c427cc0');
    expect(ids.uuid('name')).not.toBe(ids.uuid('Name'));
  });
});
