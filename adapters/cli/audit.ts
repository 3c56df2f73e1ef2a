/** The audit on the command line: page after page, each said before the next is asked for. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { isLeft } from 'fp-ts/lib/Either.js';
import type { AuditEntry, AuditFilter, AuditPlace } from '../../domain/audit.ts';
import { printable } from '../shared/printable.ts';
import type { Terminal } from '../shared/terminal.ts';
import { csvLine } from './csv.ts';
import { configOption, type Done, dataOption, example, wholeNumber } from './options.ts';
import { exits, type Program } from './program.ts';
import { table, timeWords } from './table.ts';
import { type Asked, dataDirectory } from './transfers.ts';

/** Which events, and how they are said. */
export type AuditOptions = Asked & {
  readonly channel?: string;
  readonly scenario?: string;
  readonly state?: string;
  readonly protocol?: string;
  readonly name?: string;
  readonly since?: Span;
  readonly until?: Span;
  readonly day?: Span;
  readonly transfer?: string;
  readonly text?: string;
  readonly oldestFirst?: boolean;
  readonly format: 'table' | 'json' | 'csv';
  readonly limit: number;
  readonly all?: boolean;
};

/** A time, or a whole day: its first and its last millisecond. */
type Span = { readonly first: number; readonly last: number };

const pageSize = 500;

/** Adds the options to `audit`, and what it does. */
export const auditCommand = (audit: Command, program: Program, terminal: Terminal, done: Done): void => {
  example(audit, 'sallyport audit --data var/inner --channel acme --day 2026-11-20 --format csv')
    .description('say who did what, when, on which node, caused by what: every event of the transfers that fit')
    .addOption(dataOption())
    .addOption(configOption())
    .option('--channel <name>', "of this partner's channel only")
    .option('--scenario <scenario>', 'of this scenario only, e.g. partnerSends')
    .option('--state <state>', 'of transfers that are in this state now, e.g. held')
    .option('--protocol <protocol>', 'of what came or went over this protocol, e.g. sftp')
    .option('--name <pattern>', 'of files of such names; * and ? stand for any characters')
    .option('--since <time>', 'that began then or later: 2026-11-20, or 2026-11-20T08:00Z', timeSpan)
    .option('--until <time>', 'that began then or earlier', timeSpan)
    .addOption(
      new Option('--day <date>', 'that began on this day, UTC').argParser(timeSpan).conflicts(['since', 'until']),
    )
    .option('--transfer <id>', 'of one transfer; the beginning of its id will do')
    .option('--text <text>', 'in which this text stands: a login, an address, a reason, …')
    .option('--oldest-first', 'the oldest transfer first, instead of the newest')
    .addOption(
      new Option('--format <format>', 'how; json is one object a line')
        .choices(['table', 'json', 'csv'])
        .default('table'),
    )
    .addOption(
      new Option('--limit <n>', 'of so many transfers at most').argParser(wholeNumber(1, 100_000_000)).default(100),
    )
    .addOption(new Option('--all', 'of all that fit').conflicts('limit'))
    .action((options: AuditOptions) => done(runAudit(program, terminal, options)));
};

const runAudit = async (program: Program, terminal: Terminal, options: AuditOptions): Promise<number> => {
  const server = await dataDirectory(program, terminal, options);
  if (isLeft(server)) return server.left;
  const control = program.controlClient(server.right);
  const filter = filterOf(options);
  const say = sayers[options.format](terminal);
  let left = options.all === true ? Number.POSITIVE_INFINITY : options.limit;
  let after: AuditPlace | undefined;
  while (left > 0) {
    const page = await control.audit({
      ...filter,
      limit: Math.min(pageSize, left),
      ...(after === undefined ? {} : { after }),
    })();
    if (isLeft(page)) {
      terminal.error(`sallyport: ${printable(page.left.text)}`);
      return exits.failed;
    }
    const { entries, taken, next } = page.right;
    say(entries);
    left -= taken;
    if (next === null || !(await terminal.flushed())) return exits.ok;
    after = next;
  }
  terminal.error('sallyport: there may be more; say --all, or another --limit');
  return exits.ok;
};

const filterOf = (options: AuditOptions): Omit<AuditFilter, 'limit'> => {
  const { channel, scenario, state, protocol, name, transfer, text, oldestFirst, day } = options;
  const given = { channel, scenario, state, protocol, name, transfer, text, oldestFirst };
  return { ...given, from: (day ?? options.since)?.first, to: (day ?? options.until)?.last };
};

const timeSpan = (text: string): Span => {
  const first = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2}))?$/.test(text)
    ? Date.parse(text)
    : Number.NaN;
  if (!(first >= 0)) throw new InvalidArgumentError('Write a day as 2026-11-20, or a time as 2026-11-20T08:00Z.');
  return { first, last: text.includes('T') ? first : first + 86_400_000 - 1 };
};

type Say = (entries: readonly AuditEntry[]) => void;

const columns = [
  ...['at', 'node', 'event', 'channel', 'scenario', 'state', 'protocol', 'name', 'login', 'address', 'fingerprint'],
  ...['cause', 'detail', 'transfer', 'stream', 'revision'],
] as const satisfies readonly (keyof AuditEntry)[];

const isoOf = (at: number): string => new Date(at).toISOString();

/** How each format is said; what comes first comes with the first page. */
const sayers: Readonly<Record<AuditOptions['format'], (terminal: Terminal) => Say>> = {
  json: (terminal) => (entries) => {
    for (const entry of entries) terminal.out(JSON.stringify({ ...entry, at: isoOf(entry.at) }));
  },
  csv: (terminal) => {
    terminal.out(`${csvLine(columns)}\r`);
    return (entries) => {
      for (const entry of entries)
        terminal.out(`${csvLine(columns.map((each) => (each === 'at' ? isoOf(entry.at) : entry[each])))}\r`);
    };
  },
  table: (terminal) => {
    let head = 0;
    return (entries) => {
      const lines = table(
        ['TIME', 'NODE', 'EVENT', 'CHANNEL', 'NAME', 'WHO', 'CAUSE', 'TRANSFER', 'DETAIL'],
        entries.map(cells),
      );
      for (const line of lines.slice(head)) terminal.out(line);
      head = 1;
    };
  },
};

const cells = (entry: AuditEntry): readonly string[] => {
  const { at, node, event, channel, name, transfer, stream, cause, detail } = entry;
  return [
    timeWords(at),
    node,
    event,
    channel ?? '-',
    name ?? '-',
    whoWords(entry),
    cause ?? '-',
    transfer ?? stream,
    detail,
  ];
};

const whoWords = ({ login, address, fingerprint }: AuditEntry): string => {
  const key = fingerprint === null ? [] : [`key ${fingerprint}`];
  return [...(login === null ? [] : [address === null ? login : `${login}@${address}`]), ...key].join(' ') || '-';
};
