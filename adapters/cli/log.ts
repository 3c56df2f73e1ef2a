/** Commands on an event log: they read it themselves, whether its server runs or not. */
import type { Command } from 'commander';
import { type Either, isLeft, right } from 'fp-ts/lib/Either.js';
import type { Problem, Verdict } from '../../domain/chain-check.ts';
import type { AskedLog, Verified } from '../shared/audit-tools.ts';
import { printable } from '../shared/printable.ts';
import type { Terminal } from '../shared/terminal.ts';
import { configOption, type Done, dataOption, example, fingerprintsOption } from './options.ts';
import { exits, type Program } from './program.ts';
import { timeWords } from './table.ts';
import { type Asked, dataDirectory } from './transfers.ts';
import { trusted } from './trusted.ts';

type LogOptions = Asked & {
  readonly node?: string;
  readonly fingerprint?: readonly string[];
  readonly segments?: string;
};

/** Adds the commands to `log`. */
export const logCommands = (log: Command, program: Program, terminal: Terminal, done: Done): void => {
  example(log.command('verify'), 'sallyport log verify --config dmz.yaml --segments dmz-segments.jsonl')
    .description('compare an event log with its signed segments; names the first place where it is not as it was')
    .addOption(dataOption())
    .addOption(configOption())
    .option('--node <node>', 'the node whose log it is, where --data cannot tell')
    .option('--segments <file>', 'a copy of its segments that another server has kept, from `log segments`')
    .addOption(fingerprintsOption())
    .option('--json', 'print JSON')
    .action((options: LogOptions) => done(verify(program, terminal, options)));
  example(log.command('segments'), 'sallyport log segments --config inner.yaml --node dmz > dmz-segments.jsonl')
    .description('print the segments that a server keeps, its own or those that a dmz has told it')
    .addOption(dataOption())
    .addOption(configOption())
    .option('--node <node>', "whose; the server's own unless said")
    .action((options: LogOptions) => done(segments(program, terminal, options)));
};

const verify = async (program: Program, terminal: Terminal, options: LogOptions): Promise<number> => {
  const asked = await askedLog(program, terminal, options);
  if (isLeft(asked)) return asked.left;
  const progress = (events: number): void => terminal.progress(`${events} events looked at`);
  const verified = await program.audit.verify(asked.right, options.segments, progress);
  if (isLeft(verified)) return failed(terminal, verified.left);
  const { verdict } = verified.right;
  const words = options.json === true ? [JSON.stringify(verified.right)] : verdictWords(verified.right, asked.right);
  for (const line of words) terminal.out(line);
  return verdict.problem === null ? exits.ok : exits.failed;
};

const segments = async (program: Program, terminal: Terminal, options: LogOptions): Promise<number> => {
  const asked = await askedLog(program, terminal, options);
  if (isLeft(asked)) return asked.left;
  const written = await program.audit.segments(asked.right, terminal.out);
  return isLeft(written) ? failed(terminal, written.left) : exits.ok;
};

const failed = (terminal: Terminal, text: string): number => {
  terminal.error(`sallyport: ${printable(text)}`);
  return exits.failed;
};

/** Which log is asked for; or the exit code, once it was said what is missing. */
const askedLog = async (
  program: Program,
  terminal: Terminal,
  options: LogOptions,
): Promise<Either<number, AskedLog>> => {
  const data = await dataDirectory(program, terminal, options);
  if (isLeft(data)) return data;
  const trust = await trusted(program, terminal, { ...options, fingerprint: options.fingerprint ?? [] });
  if (isLeft(trust)) return trust;
  return right({ ...trust.right, data: data.right, node: options.node ?? trust.right.node });
};

const verdictWords = ({ verdict, signers }: Verified, asked: AskedLog): readonly string[] => {
  const { node, segments: count, good, purged, unsealed, unsealedSince, confirmed, problem } = verdict;
  const isKnown = asked.ca !== undefined || asked.fingerprints.length > 0;
  const since = unsealedSince === null ? '' : `, the first of ${timeWords(unsealedSince)}`;
  return [
    ...(problem === null ? [] : [problemWords(node, problem)]),
    `${printable(node)}: ${problem === null ? 'all' : 'before that,'} ${good} sealed events are as they were, in ${count} segments${purged === 0 ? '' : `; ${purged} of them are purged`}`,
    ...(problem === null ? [`${unsealed} events are not sealed yet${since}`] : []),
    ...(confirmed === 0 ? [] : [`${confirmed} segments are those of the copy`]),
    ...signers.map((each) => `signed by ${each}${isKnown ? '' : '; compare it with `sallyport keys show`'}`),
  ];
};

const problemWords = (node: string, problem: Problem): string => {
  const { trouble, text, segment, ordinal, stream, revision, id } = problem;
  const places = [
    ...(segment === null ? [] : [`segment ${segment}`]),
    ...(ordinal === null ? [] : [`event ${ordinal}`]),
    ...(stream === null ? [] : [`revision ${revision ?? '?'} of ${stream}${id === null ? '' : ` (${id})`}`]),
  ];
  return printable(`${node}: ${wordOf[trouble]}: ${places.join(', ')}: ${text}`, 1_000);
};

const wordOf: Readonly<Record<NonNullable<Verdict['problem']>['trouble'], string>> = {
  altered: 'ALTERED',
  missing: 'MISSING',
  reordered: 'REORDERED',
  inserted: 'INSERTED',
  unreadable: 'UNREADABLE',
  segment: 'SEGMENT',
};
