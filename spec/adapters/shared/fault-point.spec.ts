import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { faultPoints, faultPointsFor } from '../../../adapters/shared/fault-point.ts';

const adapters = fileURLToPath(new URL('../../../adapters/', import.meta.url));

const passed = (): readonly string[] =>
  readdirSync(adapters, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .flatMap((name) => [...readFileSync(adapters + name, 'utf8').matchAll(/faultPoint\('([^']+)'\)/g)])
    .map((match) => match[1] ?? '');

const kills = (setting: string | undefined) => {
  let killed = 0;
  const pass = faultPointsFor(setting, () => {
    killed += 1;
  });
  return { pass, killed: () => killed };
};

describe('fault points', () => {
  it('are all in the source, and no others are', () => {
    expect([...new Set(passed())].sort()).toEqual([...faultPoints].sort());
  });

  it('come in pairs, before and after', () => {
    const without = (end: string) =>
      faultPoints.filter((name) => name.endsWith(end)).map((name) => name.replace(end, ''));
    expect(without('.before')).toEqual(without('.after'));
    expect(faultPoints.length).toBe(2 * without('.before').length);
  });

  it('kill at the n-th passage, and at no other point', () => {
    const { pass, killed } = kills('reply.before@2');
    pass('reply.after');
    pass('reply.before');
    expect(killed()).toBe(0);
    pass('reply.before');
    expect(killed()).toBe(1);
  });

  it('do nothing where nothing is set', () => {
    const { pass, killed } = kills(undefined);
    for (const name of faultPoints) pass(name);
    expect(killed()).toBe(0);
  });

  it.each(['reply.befor@1', 'reply.before', 'reply.before@0', ''])('refuse the setting "%s"', (setting) => {
    expect(() => kills(setting)).toThrow('write <name>@<n>');
  });
});
