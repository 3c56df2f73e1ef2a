/** Moving the event log of a stopped server, with a word on how far it is. */
import type { Command } from 'commander';
import { isLeft } from 'fp-ts/lib/Either.js';
import type { Clock } from '../../domain/ports.ts';
import type { CopyProgress } from '../shared/log-copy.ts';
import { printable } from '../shared/printable.ts';
import type { Terminal } from '../shared/terminal.ts';
import { type Done, example } from './options.ts';
import { exits, type Program } from './program.ts';
import { wrongConfig } from './serve.ts';

type CopyOptions = { readonly from: string; readonly to: string; readonly json?: boolean };

/** Adds the command to `log`. */
export const copyCommand = (log: Command, program: Program, terminal: Terminal, done: Done): void => {
  const place = "a server's config (the log that it names), a data directory, or esdb://…";
  example(log.command('copy'), 'sallyport log copy --from inner.yaml --to esdb://es1:2113,es2:2113,es3:2113')
    .description('copy an event log to another place, and compare both; run again, it goes on where it ended')
    .requiredOption('--from <place>', place)
    .requiredOption('--to <place>', `${place}; empty, or the beginning of the same log`)
    .option('--json', 'print JSON')
    .action((options: CopyOptions) => done(copy(program, terminal, options)));
};

/** The exit code is 0 only where both then hold the same. */
const copy = async (program: Program, terminal: Terminal, options: CopyOptions): Promise<number> => {
  const { from, to, json } = options;
  const { signal, release } = terminal.untilStopped({ endWithParent: false });
  const progress = teller(terminal, program.clock);
  const copied = await program.copyLog({ from, to, signal, progress }).finally(release);
  terminal.progress();
  if (isLeft(copied)) {
    const why = copied.left;
    if (typeof why !== 'string') return wrongConfig(terminal, why.file, why.problems);
    const again = signal.aborted ? '; the same command goes on where it ended' : '';
    terminal.error(printable(`sallyport: ${why}${again}`, 2_000));
    return exits.failed;
  }
  const { before, source, target } = copied.right;
  const equal = source.sha256 === target.sha256;
  const words = [
    `source: ${count(source.events)} events, SHA-256 ${source.sha256}`,
    `target: ${count(target.events)} events, SHA-256 ${target.sha256}`,
    equal
      ? `the logs are equal; ${count(target.events - before)} events were copied, ${count(before)} were there before`
      : 'THE LOGS DIFFER: do not use the target; copy to an empty place while nothing else writes to either log',
  ];
  for (const line of json === true ? [JSON.stringify({ equal, before, source, target })] : words) terminal.out(line);
  return equal ? exits.ok : exits.failed;
};

const [aTick, aLine] = [200, 5_000];
const barLength = 20;

/** Tells how far it is: in one line that changes where somebody watches, otherwise in lines, not too many. */
export const teller = (
  terminal: Pick<Terminal, 'watched' | 'progress' | 'error'>,
  clock: Pick<Clock, 'monotonic'>,
): ((progress: CopyProgress) => void) => {
  let phase: CopyProgress['phase'] | undefined;
  let [startedAt, startedWith, toldAt] = [0, 0, 0];
  return (progress) => {
    const now = clock.monotonic();
    const begins = progress.phase !== phase;
    if (begins) [phase, startedAt, startedWith] = [progress.phase, now, progress.done];
    else if (now - toldAt < (terminal.watched ? aTick : aLine)) return;
    toldAt = now;
    const speed = (progress.done - startedWith) / Math.max(1, now - startedAt);
    const text = progressWords(progress, speed);
    if (terminal.watched) terminal.progress(`${bar(progress)}${text}`);
    else terminal.error(text);
  };
};

const bar = ({ done, of }: CopyProgress): string => {
  if (of === undefined) return '';
  const full = Math.floor((done / Math.max(1, of)) * barLength);
  return `[${'#'.repeat(full)}${'-'.repeat(barLength - full)}] `;
};

const progressWords = ({ phase, done, of }: CopyProgress, perMillisecond: number): string => {
  const speed = perMillisecond === 0 ? '' : `, ${count(Math.round(perMillisecond * 1000))} a second`;
  if (of === undefined) return `${phase}: ${count(done)} events${speed}`;
  const rest = perMillisecond === 0 ? '' : `, ${count(Math.ceil((of - done) / perMillisecond / 1000))} s left`;
  return `${phase}: ${count(done)} of ${count(of)} events${speed}${rest}`;
};

const count = (n: number): string => n.toLocaleString('en');
