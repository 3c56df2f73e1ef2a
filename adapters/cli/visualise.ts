/** Pictures of scenarios and of transfers, and a transfer replayed event by event. */
import { writeFile } from 'node:fs/promises';
import { left, right } from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import type { TransferStory } from '../../domain/control.ts';
import { type Decision, refusal } from '../../domain/failure.ts';
import { type Replayed, replay as replayed } from '../../domain/picture/replay.ts';
import { scenarioPicture } from '../../domain/picture/scenario-picture.ts';
import { transferPicture } from '../../domain/picture/transfer-picture.ts';
import { scenarios } from '../../domain/scenarios/index.ts';
import { eventWords } from '../../domain/transfer/words.ts';
import { codeOf } from '../shared/failing.ts';
import { type Format, formats } from '../shared/picture/index.ts';
import { printable } from '../shared/printable.ts';
import type { Terminal } from '../shared/terminal.ts';
import { exits, type Program } from './program.ts';
import { table, timeWords } from './table.ts';
import { type Asked, ask, cell } from './transfers.ts';

/** How the picture is written, and where to; without a file to standard output. */
export type PictureOptions = Asked & { readonly format: Format; readonly output?: string };

/** Draws a scenario, for which no server is asked, or a transfer of a running server. */
export const visualise = async (
  program: Program,
  terminal: Terminal,
  what: string,
  options: PictureOptions,
): Promise<number> => {
  const { format, output } = options;
  const drawn: string[] = [];
  const scenario = Object.hasOwn(scenarios, what) ? scenarios[what] : undefined;
  if (scenario !== undefined) {
    drawn.push(formats[format](scenarioPicture(scenario, program.owners)));
  } else if (options.data === undefined && options.config === undefined) {
    const names = Object.keys(scenarios).join(', ');
    terminal.error(
      `sallyport: "${printable(what, 64)}" is no scenario (there are ${names}); for a transfer name its server by --data DIR or --config FILE`,
    );
    return exits.wrong;
  } else {
    const code = await ask(
      program,
      terminal,
      options,
      (control) => pipe(control.show(what), TE.chainEitherK(pictureOf(program))),
      (picture) => {
        drawn.push(formats[format](picture));
        return [];
      },
    );
    if (code !== exits.ok) return code;
  }
  return write(terminal, drawn.join(''), output);
};

const pictureOf =
  ({ owners }: Program) =>
  ({ row, events }: TransferStory) => {
    const picture = transferPicture(row.id, events, owners);
    return picture === undefined ? left(untold(row.id)) : right(picture);
  };

const untold = (id: string) => refusal('invalid', `the events of ${id} begin with none that opens a transfer`);

const write = async (terminal: Terminal, text: string, file: string | undefined): Promise<number> => {
  if (file === undefined) {
    terminal.out(text.trimEnd());
    return exits.ok;
  }
  try {
    await writeFile(file, text);
    return exits.ok;
  } catch (error) {
    const code = codeOf(error) ?? String(error);
    const why =
      { ENOENT: 'there is no such directory', EACCES: 'you may not write there', EISDIR: 'it is a directory' }[code] ??
      code;
    terminal.error(`sallyport: ${printable(file)} cannot be written: ${why}`);
    return exits.failed;
  }
};

/** Up to which event a transfer is replayed. */
export type ReplayOptions = Asked & { readonly to?: number };

/** Shows the state after each event, in the lane of the server that owns the transfer then, and the facts at the end. */
export const replay = (program: Program, terminal: Terminal, id: string, options: ReplayOptions): Promise<number> =>
  ask(
    program,
    terminal,
    options,
    (control) =>
      pipe(
        control.show(id),
        TE.chainEitherK((story) => upTo(program, story, options.to)),
        TE.map((told) => told.map(lineOf)),
      ),
    (lines) => [
      ...table(
        ['REV', 'TIME', 'BY', 'EVENT', 'DMZ', 'INNER', 'DETAIL'],
        lines.map(({ revision, at, origin, event, state, lane, legal, detail }) => [
          ...[String(revision), timeWords(at), origin, event],
          ...[lane === 'dmz' ? state : '', lane === 'inner' ? state : ''],
          legal ? detail : `not taken; ${detail}`,
        ]),
      ),
      '',
      ...Object.entries(lines.at(-1)?.facts ?? {}).flatMap(([key, value]) =>
        value === null || value === '' ? [] : [`${key.padEnd(11)} ${cell(key, scalar(value))}`],
      ),
    ],
  );

const upTo = (
  { owners }: Program,
  { row, events }: TransferStory,
  to = Math.max(0, events.length - 1),
): Decision<readonly Replayed[]> => {
  const told = replayed(row.id, events, owners);
  if (told.length === 0) return left(untold(row.id));
  if (to < told.length) return right(told.slice(0, to + 1));
  return left(refusal('invalid', `${row.id} has no event ${to} on this server; its last is ${told.length - 1}`));
};

const lineOf = ({ revision, event, by, lane, legal, after }: Replayed) => ({
  ...{ revision, by, lane, legal, event: event.type, at: event.meta.at, origin: event.meta.origin },
  state: after.heldFrom === undefined ? after.state : `${after.state} (from ${after.heldFrom})`,
  ended: after.ended,
  detail: eventWords(event),
  facts: after.transfer,
});

const scalar = (value: unknown): string | number | boolean =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : JSON.stringify(value);
