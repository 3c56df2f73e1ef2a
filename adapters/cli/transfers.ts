/** Commands that ask a running server, through its control socket. */
import { type Either, isLeft, left, right } from 'fp-ts/lib/Either.js';
import type { Control, TransferRow } from '../../domain/control.ts';
import type { Answer } from '../../domain/intake.ts';
import type { Order } from '../../domain/transfer/decide.ts';
import { eventWords, sizeWords } from '../../domain/transfer/words.ts';
import { printable } from '../shared/printable.ts';
import type { Terminal } from '../shared/terminal.ts';
import { exits, type Program } from './program.ts';
import { wrongConfig } from './serve.ts';
import { table, timeWords } from './table.ts';

/** Which server is asked, and whether the answer is JSON. */
export type Asked = { readonly data?: string; readonly config?: string; readonly json?: boolean };

/** Which transfers are listed. */
export type ListOptions = Asked & {
  readonly state?: string;
  readonly channel?: string;
  readonly open?: boolean;
  readonly limit: number;
};

/** Lists transfers, the newest first. */
export const list = (program: Program, terminal: Terminal, options: ListOptions): Promise<number> => {
  const { state, channel, open, limit } = options;
  const filter = { state, channel, limit, ...(open === true ? { open } : {}) };
  return ask(
    program,
    terminal,
    options,
    (control) => control.list(filter),
    (rows) => table(['ID', 'STATE', 'CHANNEL', 'SIZE', 'UPDATED', 'NAME', 'WHY'], rows.map(rowCells)),
  );
};

const rowCells = (row: TransferRow): readonly string[] => [
  ...[row.id, row.state, row.channel, sizeWords(row.size), timeWords(row.updatedAt), row.name, row.reason ?? ''],
];

/** Shows a transfer's whole story; the beginning of an id will do where it is unique. */
export const show = (program: Program, terminal: Terminal, id: string, options: Asked): Promise<number> =>
  ask(
    program,
    terminal,
    options,
    (control) => control.show(id),
    ({ row, events }) => [
      ...Object.entries(row).flatMap(([key, value]) =>
        value === null ? [] : [`${key.padEnd(10)} ${cell(key, value)}`],
      ),
      '',
      ...table(
        ['TIME', 'BY', 'EVENT', 'DETAIL'],
        events.map((event) => [timeWords(event.meta.at), event.meta.origin, event.type, eventWords(event)]),
      ),
    ],
  );

/** A value of a row, or of a transfer's facts, by its name. */
export const cell = (key: string, value: string | number | boolean): string => {
  if ((key.endsWith('At') || key === 'modified') && typeof value === 'number') return timeWords(value);
  return printable(String(value), 300);
};

/** Gives an order about a transfer; the server that owns it records who gave it, and why. */
export const order = (
  program: Program,
  terminal: Terminal,
  what: Order,
  id: string,
  options: Asked & { readonly reason: string },
): Promise<number> =>
  ask(
    program,
    terminal,
    options,
    (control) => control.order(id, what, options.reason, terminal.login),
    (said) => [printable(said)],
  );

/** Says how a server is. */
export const status = (program: Program, terminal: Terminal, options: Asked): Promise<number> =>
  ask(
    program,
    terminal,
    options,
    (control) => control.status(),
    (now) => [
      `${now.role} ${now.node} is ${now.state} with ${now.channels} ${now.channels === 1 ? 'channel' : 'channels'}; ${now.open} transfers are open, ${now.held} held; ${sizeWords(now.residentBytes)} of memory`,
      ...now.links.map(({ node, up }) => `link to ${node}: ${up ? 'up' : 'down'}`),
      ...now.listeners.map(({ protocol, host, port }) => `${protocol} on ${host} port ${port}`),
    ],
  );

/** Asks a running server, and prints its answer or its refusal. */
export const ask = async <A>(
  program: Program,
  terminal: Terminal,
  options: Asked,
  question: (control: Control) => Answer<A>,
  words: (answer: A) => readonly string[],
): Promise<number> => {
  const server = await dataDirectory(program, terminal, options);
  if (isLeft(server)) return server.left;
  const answer = await question(program.controlClient(server.right))();
  if (isLeft(answer)) {
    terminal.error(`sallyport: ${printable(answer.left.text)}`);
    return exits.failed;
  }
  for (const line of options.json === true ? [JSON.stringify(answer.right)] : words(answer.right)) terminal.out(line);
  return exits.ok;
};

/** The data directory of the server that is asked; or the exit code, once it was said what is missing. */
export const dataDirectory = async (
  program: Program,
  terminal: Terminal,
  options: Asked,
): Promise<Either<number, string>> => {
  if ((options.data === undefined) === (options.config === undefined)) {
    terminal.error('sallyport: name the server by --data DIR or --config FILE, one of the two');
    return left(exits.wrong);
  }
  if (options.config === undefined) return right(options.data ?? '');
  const found = await program.dataOf(options.config, program.protocols);
  return isLeft(found) ? left(wrongConfig(terminal, options.config, found.left)) : found;
};
