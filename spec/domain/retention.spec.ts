import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { dmzRetention, innerRetention, mayGo } from '../../domain/retention.ts';

const day = 86_400_000;

describe('the retention', () => {
  it('keeps payloads for a day and events for ever, where nothing is set', () => {
    expect(innerRetention.parse(undefined)).toEqual({ payloads: day });
    expect(dmzRetention.parse(undefined)).toEqual({});
  });

  it('takes what its page shows', () => {
    const page = readFileSync(new URL('../../docs/tasks/retention.md', import.meta.url), 'utf8');
    const [inner, dmz] = [...page.matchAll(/```yaml\n([^`]*)```/g)].map(([, text]) => parse(text ?? '') as unknown);
    const { retention: atInner } = inner as { readonly retention: unknown };
    const { retention: atDmz } = dmz as { readonly retention: unknown };
    expect(innerRetention.parse(atInner)).toEqual({ payloads: 7 * day, events: 365 * day });
    expect(dmzRetention.parse(atDmz)).toEqual({ events: 90 * day });
  });

  it('refuses events that are kept for less than a day, and payloads on dmz', () => {
    expect(dmzRetention.safeParse({ events: '23h' }).error?.issues[0]?.message).toContain('at least "1d"');
    expect(dmzRetention.safeParse({ payloads: '1d' }).success).toBe(false);
  });
});

describe('the events of a transfer', () => {
  const finished = { ended: true, updatedAt: 5 * day, ownsPayload: true, purged: true, ownSeq: 2, acked: 2 };

  it('may go once it has ended so long ago', () => {
    expect(mayGo(finished, 2 * day, 7 * day)).toBe(true);
    expect(mayGo(finished, 2 * day, 7 * day - 1)).toBe(false);
  });

  it.each([
    ['it is open', { ended: false }, false],
    ['its payload is here', { purged: false }, false],
    ['its payload is none of ours', { purged: false, ownsPayload: false }, true],
    ['the peer has not heard all', { acked: 1 }, false],
  ])('%s: they may go or not', (_, other, expected) => {
    expect(mayGo({ ...finished, ...other }, 2 * day, 99 * day)).toBe(expected);
  });
});
