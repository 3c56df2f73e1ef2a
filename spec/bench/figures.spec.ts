import { describe, expect, it } from 'vitest';
import { type CpuProfile, topSelfTimes } from './profile.ts';
import { settingsOf } from './settings.ts';
import { median, spread, table } from './table.ts';

describe('the figures of a bench', () => {
  it('have a median, of an even number too, and a spread', () => {
    expect(median([10, 9, 2])).toBe(9);
    expect(median([1, 2, 4, 8])).toBe(3);
    expect(spread([3, 1, 2.5])).toBe('2.50 (1.00–3.00)');
    expect(() => median([])).toThrow('no median');
  });

  it('stand in a table that Markdown understands', () => {
    const shown = table(['case', 's'], [['a', '10.00']]);
    expect(shown).toBe('| case |     s |\n| ---- | ----: |\n| a    | 10.00 |');
  });

  it('take rounds and scale from the environment, and nothing that is no such number', () => {
    expect(settingsOf({})).toEqual({ rounds: 3, scale: 1 });
    expect(settingsOf({ ROUNDS: '5', SCALE: '0.1' })).toEqual({ rounds: 5, scale: 0.1 });
    expect(() => settingsOf({ ROUNDS: '0' })).toThrow('ROUNDS');
    expect(() => settingsOf({ SCALE: 'much' })).toThrow('SCALE');
  });
});

describe('a profile', () => {
  const frame = (functionName: string, url: string) => ({ functionName, url });
  const profile: CpuProfile = {
    startTime: 1_000_000,
    nodes: [
      { id: 1, callFrame: frame('(idle)', '') },
      { id: 2, callFrame: frame('', 'file:///x/dist/actors/intake.js'), children: [5] },
      { id: 3, callFrame: frame('parse', 'file:///x/node_modules/ssh2/lib/a.js') },
      { id: 4, callFrame: frame('(program)', '') },
      { id: 5, callFrame: frame('write', 'node:fs'), children: [6] },
      { id: 6, callFrame: frame('writeBuffer', '') },
    ],
    samples: [3, 1, 2, 3, 4, 3],
    timeDeltas: [1_000_000, 500_000, 1_000_000, 2_000_000, 1_000_000, 5_000_000],
  };

  it('tells the self time of functions within a span, the longest first, without what was idle', () => {
    expect(topSelfTimes([profile, profile], { from: 2_000_001, to: 6_500_000 }, 2)).toEqual([
      { name: 'parse', file: 'node_modules/ssh2/lib/a.js', seconds: 4, share: 0.5 },
      { name: '(anonymous)', file: 'actors/intake.js', seconds: 2, share: 0.25 },
    ]);
  });

  it('tells what Node did by who asked for it', () => {
    const native = { ...profile, samples: [6, 5], timeDeltas: [3_000_000, 1_000_000] };
    expect(topSelfTimes([native], { from: 0, to: 10_000_000 }, 9).map(({ name, file }) => `${name}: ${file}`)).toEqual([
      'writeBuffer: ← actors/intake.js',
      'write: node:fs ← actors/intake.js',
    ]);
  });
});
