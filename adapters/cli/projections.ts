/** Commands about read models: how they are, and building them anew. */
import type { Command } from 'commander';
import { isLeft } from 'fp-ts/lib/Either.js';
import type { Control } from '../../domain/control.ts';
import type { ProjectionLine } from '../../domain/control-figures.ts';
import { sizeWords } from '../../domain/transfer/words.ts';
import { printable } from '../shared/printable.ts';
import type { Terminal } from '../shared/terminal.ts';
import { configOption, type Done, dataOption, example } from './options.ts';
import { exits, type Program } from './program.ts';
import { table } from './table.ts';
import { type Asked, ask, dataDirectory } from './transfers.ts';

/** Adds the commands to `projections`. */
export const projectionsCommands = (projections: Command, program: Program, terminal: Terminal, done: Done): void => {
  example(projections.command('list'), 'sallyport projections list --data var/inner')
    .description('list the read models, and how far behind the log they are')
    .addOption(dataOption())
    .addOption(configOption())
    .option('--json', 'print JSON')
    .action((options: Asked) => done(ask(program, terminal, options, (control) => control.projections(), listWords)));
  example(projections.command('rebuild [name...]'), 'sallyport projections rebuild transfers --data var/inner')
    .description('build read models anew from the log while the server serves; all, where none is named')
    .addOption(dataOption())
    .addOption(configOption())
    .action((names: string[], options: Asked) => done(rebuild(program, terminal, names, options)));
};

const listWords = (lines: readonly ProjectionLine[]): readonly string[] =>
  table(
    ['NAME', 'VERSION', 'ROWS', 'SIZE', 'EVENTS', 'BEHIND', 'CHECKPOINT', 'COUNTED FROM IT', 'REBUILD'],
    lines.map(({ name, version, rows, bytes, passed, behind, checkpoint, summaries, rebuild: anew }) => [
      ...[name, String(version), String(rows), sizeWords(bytes), String(passed)],
      behind >= 1_000 ? '1000 or more' : String(behind),
      ...[checkpoint ?? '-', summaries.join(', ') || '-'],
      anew === null ? '-' : anew.failed === null ? `${percent(anew)} %` : `failed: ${anew.failed}`,
    ]),
  );

type Progress = NonNullable<ProjectionLine['rebuild']>;

const percent = ({ done, of }: Progress): number => Math.min(99, Math.floor((done / Math.max(1, of)) * 100));

const between = 1_000;
const barLength = 30;

const barOf = (name: string, progress: Progress): string => {
  const full = Math.round((percent(progress) / 100) * barLength);
  return `${name} [${'#'.repeat(full)}${'.'.repeat(barLength - full)}] ${percent(progress)} % of ${progress.of} events`;
};

const rebuild = async (
  program: Program,
  terminal: Terminal,
  names: readonly string[],
  options: Asked,
): Promise<number> => {
  const server = await dataDirectory(program, terminal, options);
  if (isLeft(server)) return server.left;
  const control = program.controlClient(server.right);
  const started = await control.rebuild(names, terminal.login)();
  if (isLeft(started)) return failed(terminal, started.left.text);
  const waiting = new Set(started.right);
  let code: number = exits.ok;
  while (waiting.size > 0) {
    await new Promise<void>((resolve) => void program.clock.after(between, resolve));
    const lines = await linesOf(control);
    if (typeof lines === 'string') return failed(terminal, lines);
    const now = lines.find(({ name, rebuild: anew }) => waiting.has(name) && anew !== null && anew.failed === null);
    for (const { name, rows, passed, rebuild: anew } of lines.filter((line) => waiting.has(line.name))) {
      if (anew !== null && anew.failed === null) continue;
      waiting.delete(name);
      terminal.progress();
      if (anew === null) terminal.out(`${name}: ${rows} rows from ${passed} events`);
      else code = failed(terminal, `${name}: ${anew.failed ?? ''}`);
    }
    if (now?.rebuild != null) terminal.progress(barOf(now.name, now.rebuild));
  }
  terminal.progress();
  return code;
};

const linesOf = async (control: Control): Promise<readonly ProjectionLine[] | string> => {
  const lines = await control.projections()();
  return isLeft(lines) ? lines.left.text : lines.right;
};

const failed = (terminal: Terminal, text: string): number => {
  terminal.progress();
  terminal.error(`sallyport: ${printable(text)}`);
  return exits.failed;
};
