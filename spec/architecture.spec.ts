/** The rules of the tree, and for each of them a planted violation that shows that it can fail. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import {
  cycles,
  dangling,
  type Files,
  importViolations,
  impurities,
  oversized,
  strangeFolders,
  tooLong,
  unreachable,
} from './support/architecture.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (...folders: readonly string[]): Files =>
  new Map(
    folders
      .flatMap((folder) =>
        readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => `${folder}/${name}`),
      )
      .filter((file) => file.endsWith('.ts'))
      .sort()
      .map((file) => [file, readFileSync(join(root, file), 'utf8')]),
  );
const present = readdirSync(root);
const sources = read(...['domain', 'actors', 'projections', 'adapters'].filter((each) => present.includes(each)));
const specs = read('spec');

/** The real tree with some files more. */
const planted = (files: Readonly<Record<string, string>>): Files => new Map([...sources, ...Object.entries(files)]);

describe('the tree', () => {
  it('is there to be looked at', () => {
    expect(sources.size).toBeGreaterThan(20);
    expect(sources.has('domain/ports.ts')).toBe(true);
    expect(specs.has('spec/architecture.spec.ts')).toBe(true);
  });

  it('has no import across a border', () => {
    expect(importViolations(new Map([...sources, ...specs]))).toEqual([]);
  });

  it.each([
    ['domain/x.ts', "import { a } from '../actors/roles.ts';"],
    ['domain/x.ts', "import { a } from '../adapters/shared/log.ts';"],
    ['domain/x.ts', "import { readFile } from 'node:fs/promises';"],
    ['domain/x.ts', "import { Client } from 'ssh2';"],
    ['projections/x.ts', "import { roles } from '../actors/roles.ts';"],
    ['projections/x.ts', "import { z } from 'zod';"],
    ['actors/x.ts', "import { a } from '../adapters/shared/log.ts';"],
    ['actors/x.ts', "import 'node:crypto';"],
    ['actors/steps/x.ts', "const a = await import('node:fs');"],
    ['adapters/sftp/x.ts', "import { a } from '../messages/index.ts';"],
    ['adapters/sftp/x.ts', "import { roles } from '../../actors/roles.ts';"],
    ['adapters/sftp/x.ts', "import type { X } from '../gateway.ts';"],
    ['adapters/ftp/x.ts', "import { Client } from 'ssh2';"],
    ['adapters/ftp/x.ts', "import { parse } from 'yaml';"],
    ['adapters/ftp/x.ts', "import { createMachine } from 'xstate';"],
    ['adapters/gateway.ts', "import { Command } from 'commander';"],
    ['adapters/shared/x.ts', "import { a } from '../sftp/index.ts';"],
    ['adapters/cli/x.ts', "import { a } from '../../spec/support/build.ts';"],
  ])('would not let %s say %s', (file, source) => {
    const before = importViolations(sources);
    const after = importViolations(planted({ [file]: source }));
    expect(after.filter((each) => !before.includes(each))).toEqual([expect.stringContaining(`${file} imports`)]);
  });

  it('would not let two folders share a library', () => {
    const source = "import x from 'left-pad/deep';";
    const after = importViolations(planted({ 'adapters/a/x.ts': source, 'adapters/b/x.ts': source }));
    expect(after).toEqual(['adapters/b/x.ts imports left-pad, which belongs to adapters/a']);
  });

  it('takes time, chance and the process from ports only, where it is pure', () => {
    expect(impurities(sources)).toEqual([]);
  });

  it.each(['Date.now()', 'new Date()', 'Math.random()', 'setTimeout(f)', 'process.env.X', 'console.log(1)'])(
    'would not let the pure part say %s',
    (source) => {
      expect(impurities(planted({ 'actors/x.ts': `const a = ${source};` }))).toHaveLength(1);
      expect(impurities(planted({ 'actors/x.ts': `// ${source}`, 'adapters/x/x.ts': source }))).toEqual([]);
    },
  );

  it('has no circle of imports', () => {
    expect(cycles(sources)).toEqual([]);
    const circle = { 'domain/x.ts': "import './y.ts';", 'domain/y.ts': "import type { X } from './x.ts';" };
    expect(cycles(planted(circle))).toEqual(['domain/x.ts → domain/y.ts → domain/x.ts']);
  });

  it('imports only what is there', () => {
    expect(dangling(sources)).toEqual([]);
    expect(dangling(planted({ 'domain/x.ts': "import './gone.ts';" }))).toHaveLength(1);
  });

  it('is all reachable from the process entry', () => {
    expect(unreachable(sources, 'adapters/main.ts')).toEqual([]);
  });

  it('would not keep a file that nothing loads, and counts workers as loaded', () => {
    const after = unreachable(
      planted({ 'adapters/main.ts': "start('a-worker');", 'adapters/a-worker.ts': '', 'adapters/b-worker.ts': '' }),
      'adapters/main.ts',
    );
    expect(after).toContain('adapters/b-worker.ts');
    expect(after).not.toContain('adapters/a-worker.ts');
  });

  it('keeps to the size budget', () => {
    expect(oversized(sources)).toEqual([]);
    expect(tooLong(specs)).toEqual([]);
  });

  it('would not let files grow', () => {
    const lines = (count: number): string => 'x\n'.repeat(count);
    const many = (count: number, length: number): Files =>
      new Map(Array.from({ length: count }, (_, i) => [`domain/${length}-${i}.ts`, lines(length)]));
    expect(oversized(many(10, 80))).toEqual([]);
    expect(oversized(many(10, 81))).toEqual([expect.stringContaining('median is 81')]);
    expect(oversized(new Map([...many(18, 10), ...many(2, 251)]))).toEqual([
      expect.stringContaining('percentile is 251'),
    ]);
    expect(oversized(new Map([...many(40, 10), ...many(1, 401)]))).toEqual(['domain/401-0.ts has 401 lines']);
  });

  it('has no folder that the layout does not know', () => {
    const names = readdirSync(root, { withFileTypes: true }).flatMap((each) => (each.isDirectory() ? [each.name] : []));
    expect(strangeFolders(names)).toEqual([]);
    expect(strangeFolders(['domain', 'utils'])).toEqual(['utils']);
  });
});
