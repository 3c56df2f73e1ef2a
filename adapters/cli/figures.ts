/** Commands that show how partners' transfers stand, and how many there were in each hour. */
import type { Command } from 'commander';
import type { PartnerFigures, RateFigures } from '../../domain/figures.ts';
import { sizeWords } from '../../domain/transfer/words.ts';
import type { Terminal } from '../shared/terminal.ts';
import { configOption, type Done, dataOption, example, wholeNumber } from './options.ts';
import type { Program } from './program.ts';
import { table, timeWords } from './table.ts';
import { type Asked, ask } from './transfers.ts';

type Some = Asked & { readonly channel?: string; readonly limit: number };

/** Adds the commands to `partners`. */
export const partnersCommands = (partners: Command, program: Program, terminal: Terminal, done: Done): void => {
  example(partners.command('list'), 'sallyport partners list --data var/inner')
    .description("say how each partner's transfers stand")
    .addOption(dataOption())
    .addOption(configOption())
    .option('--limit <n>', 'at most so many', wholeNumber(1, 10_000), 1_000)
    .option('--json', 'print JSON')
    .action((options: Some) =>
      done(ask(program, terminal, options, (control) => control.partners({ limit: options.limit }), partnerWords)),
    );
  example(partners.command('rates'), 'sallyport partners rates --data var/inner --channel acme')
    .description('say how many transfers there were in each of the last hours, UTC')
    .addOption(dataOption())
    .addOption(configOption())
    .option('--channel <name>', 'of this channel only')
    .option('--limit <n>', 'at most so many lines', wholeNumber(1, 10_000), 48)
    .option('--json', 'print JSON')
    .action(({ channel, limit, ...asked }: Some) =>
      done(ask(program, terminal, asked, (control) => control.rates({ channel, limit }), rateWords)),
    );
};

const time = (at: number | null): string => (at === null ? '-' : timeWords(at));

const partnerWords = (rows: readonly PartnerFigures[]): readonly string[] =>
  table(
    ['CHANNEL', 'TRANSFERS', 'OPEN', 'HELD', 'SUCCEEDED', 'BYTES', 'LAST SUCCESS', 'LAST FAILURE', 'WHY'],
    rows.map(({ channel, transfers, open, held, succeeded, bytes, lastSuccess, lastFailure, why }) => [
      ...[channel, ...[transfers, open, held, succeeded].map(String), sizeWords(bytes)],
      ...[time(lastSuccess), time(lastFailure), why ?? ''],
    ]),
  );

const rateWords = (rows: readonly RateFigures[]): readonly string[] =>
  table(
    ['HOUR', 'CHANNEL', 'BEGAN', 'SUCCEEDED', 'FAILED', 'BYTES'],
    rows.map(({ hour, channel, began, succeeded, failed, bytes }) => [
      ...[timeWords(hour), channel, ...[began, succeeded, failed].map(String), sizeWords(bytes)],
    ]),
  );
