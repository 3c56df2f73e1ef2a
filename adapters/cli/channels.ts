/** Commands about channels: which there are, what of them dmz has, and going on with others. */
import type { Command } from 'commander';
import { isLeft, left } from 'fp-ts/lib/Either.js';
import type { ChannelDiff, ChannelLine } from '../../domain/channel-control.ts';
import type { Control } from '../../domain/control.ts';
import { refusal } from '../../domain/failure.ts';
import type { Answer } from '../../domain/intake.ts';
import type { ChannelVersion } from '../../domain/replication.ts';
import { printable } from '../shared/printable.ts';
import type { Terminal } from '../shared/terminal.ts';
import { configOption, type Done, dataOption, example } from './options.ts';
import type { Program } from './program.ts';
import { table } from './table.ts';
import { type Asked, ask } from './transfers.ts';

/** Adds the commands to `channels`. */
export const channelsCommands = (channels: Command, program: Program, terminal: Terminal, done: Done): void => {
  const command = (name: string, line: string, description: string): Command =>
    example(channels.command(name), `sallyport channels ${line}`)
      .description(description)
      .addOption(dataOption())
      .addOption(configOption())
      .option('--json', 'print JSON');
  command('list', 'list --data var/inner', 'list the channels that a running server knows').action((options: Asked) =>
    done(ask(program, terminal, options, (control) => control.channels(), listWords)),
  );
  command(
    'diff',
    'diff --data var/inner',
    'on inner: what each dmz has, compared with the config; on dmz: what it has, and what a new epoch would change',
  ).action((options: Asked) => done(ask(program, terminal, options, (control) => control.channelDiff(), diffWords)));
  command(
    'reload',
    'reload --data var/inner',
    "on inner: read the config's channels, profiles and routes again",
  ).action((options: Asked) =>
    done(ask(program, terminal, options, (control) => control.reloadChannels(terminal.login), sentence)),
  );
  command(
    'accept-epoch',
    'accept-epoch --data var/dmz --yes',
    'on dmz: show what a new epoch of inner would change, and with --yes take it',
  )
    .option('--yes', 'take it; without this it is only shown')
    .action((options: Asked & { readonly yes?: boolean }) => {
      const accepting = (control: Control): Answer<Accepted> =>
        acceptEpoch(control, terminal.login, options.yes === true);
      return done(ask(program, terminal, options, accepting, acceptedWords));
    });
};

const sentence = (said: string): readonly string[] => [printable(said)];

const listWords = (found: {
  readonly version: ChannelVersion | null;
  readonly channels: readonly ChannelLine[];
}): readonly string[] => [
  versionWords(found.version),
  ...table(
    ['CHANNEL', 'LOGIN', 'BY', 'PARTNER', 'ON DMZ'],
    found.channels.map(({ name, login, proofs, partner, visible }) => [
      ...[name, login ?? '-', proofs === '' ? '-' : proofs, partner ?? '-', visible ? 'yes' : 'no'],
    ]),
  ),
];

const versionWords = (version: ChannelVersion | null): string =>
  version === null ? 'none yet' : `epoch ${version.epoch}, counter ${version.counter}, of ${printable(version.node)}`;

const diffWords = (diffs: readonly ChannelDiff[]): readonly string[] =>
  diffs.length === 0 ? ['there is no other server'] : diffs.flatMap(oneDiff);

const oneDiff = ({ peer, has, wants, added, changed, removed, text }: ChannelDiff): readonly string[] => [
  `${printable(peer === '' ? 'inner' : peer)}: ${printable(text)}`,
  `  there:    ${versionWords(has)}`,
  ...(wants === null ? [] : [`  to come:  ${versionWords(wants)}`]),
  ...table(
    ['  CHANGE', 'CHANNEL'],
    [
      ...added.map((name) => ['  added', name]),
      ...changed.map((name) => ['  changed', name]),
      ...removed.map((name) => ['  removed', name]),
    ],
  ).slice(added.length + changed.length + removed.length === 0 ? 1 : 0),
];

type Accepted = { readonly shown: ChannelDiff; readonly result: string | null };

/** Accepts exactly what it shows: where inner sends something else meanwhile, the server refuses. */
const acceptEpoch =
  (control: Control, login: string, yes: boolean): Answer<Accepted> =>
  async () => {
    const found = await control.channelDiff()();
    if (isLeft(found)) return found;
    const [shown] = found.right;
    if (shown === undefined || shown.wants === null)
      return left(refusal('notFound', 'there is no new epoch to be accepted'));
    if (!yes) return { ...found, right: { shown, result: null } };
    const accepted = await control.acceptEpoch(shown.wants.epoch, shown.wants.counter, login)();
    return isLeft(accepted) ? accepted : { ...accepted, right: { shown, result: accepted.right } };
  };

const acceptedWords = ({ shown, result }: Accepted): readonly string[] => [
  ...oneDiff(shown),
  result === null ? 'nothing is changed yet; say it again with --yes to take it' : printable(result),
];
