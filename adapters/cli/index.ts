/** The command line. One clear sentence for what goes wrong, on stderr; exit code 0 done, 1 failed, 2 wrong usage or config, 70 defect. */
import { Command, CommanderError, Option } from 'commander';
import type { Order } from '../../domain/transfer/decide.ts';
import { formats } from '../shared/picture/index.ts';
import type { Terminal } from '../shared/terminal.ts';
import { auditCommand } from './audit.ts';
import { channelsCommands } from './channels.ts';
import { partnersCommands } from './figures.ts';
import { type FirewallOptions, firewall } from './firewall.ts';
import { createKeys, renewKeys, showKeys } from './keys.ts';
import { logCommands } from './log.ts';
import { copyCommand } from './log-copy.ts';
import { configOption, type Done, dataOption, example, sentence, wholeNumber } from './options.ts';
import { partnerCommands } from './partner-commands.ts';
import { exits, type Program } from './program.ts';
import { projectionsCommands } from './projections.ts';
import { receiptCommands } from './receipts.ts';
import { replayAgain } from './replay-again.ts';
import { type SendOptions, send } from './send.ts';
import { check, serve } from './serve.ts';
import { processTerminal } from './terminal.ts';
import { type Asked, type ListOptions, list, order, show, status } from './transfers.ts';
import { version } from './version.ts';
import { type PictureOptions, type ReplayOptions, replay, visualise } from './visualise.ts';

/** Runs one command; answers the exit code. */
export const runCli = async (
  args: readonly string[],
  program: Program,
  terminal: Terminal = processTerminal(),
): Promise<number> => {
  let code: number = exits.ok;
  const done = (run: Promise<number>): Promise<void> =>
    run.then((result) => {
      code = result;
    });
  try {
    await commands(program, terminal, done).parseAsync([...args], { from: 'user' });
    return code;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? exits.ok : exits.wrong;
  }
};

const commands = (program: Program, terminal: Terminal, done: Done): Command => {
  const root = new Command('sallyport')
    .description('An open DMZ gateway for B2B file transfer: two servers of one program, inner and dmz.')
    .version(version())
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.out(text.trimEnd()),
      writeErr: (text) => terminal.error(text.trimEnd()),
      outputError: (text, write) => write(text.replace(/^error: /, 'sallyport: ')),
    })
    .showHelpAfterError('(--help tells more)')
    .configureHelp({ showGlobalOptions: true });

  example(root.command('serve'), 'sallyport serve --config /etc/sallyport/inner.yaml')
    .description('run the server that a config describes, until SIGTERM or SIGINT')
    .requiredOption('--config <file>', 'the config, YAML')
    .option('--end-with-parent', 'stop when standard input closes, as it does when the parent process is gone')
    .action((options: { config: string; endWithParent?: boolean }) => done(serve(program, terminal, options)));

  example(root.command('check'), 'sallyport check --config /etc/sallyport/dmz.yaml')
    .description('say whether a server would start from a config; start nothing')
    .requiredOption('--config <file>', 'the config, YAML')
    .action((options: { config: string }) => done(check(program, terminal, options)));

  example(root.command('status'), 'sallyport status --data var/inner')
    .description('say how a running server is')
    .addOption(dataOption())
    .addOption(configOption())
    .option('--json', 'print JSON')
    .action((options: Asked) => done(status(program, terminal, options)));

  example(root.command('firewall'), 'sallyport firewall --inner inner.yaml --dmz dmz.yaml --format nftables')
    .description('say what both firewalls must let through, from the configs alone')
    .requiredOption('--inner <file>', "inner's config, YAML")
    .requiredOption('--dmz <file>', "dmz's config, YAML")
    .addOption(new Option('--format <format>', 'how').choices(['table', 'nftables']).default('table'))
    .option('--probe', 'say besides which of them are open now, as seen from this machine')
    .option('--json', 'print JSON')
    .action((options: FirewallOptions) => done(firewall(program, terminal, options)));

  example(root.command('demo'), 'sallyport demo --data ./var --port-offset 1000')
    .description('make keys and both configs, and run inner and dmz on this machine')
    .option('--data <directory>', 'where all of it is kept; started again it goes on where it was', './var')
    .option('--port-offset <n>', 'added to every port', wholeNumber(0, 50_000), 0)
    .option('--event-log <url>', 'keep both event logs in this EventStoreDB (esdb://…), not in the data directory')
    .action((options: { data: string; portOffset: number; eventLog?: string }) =>
      done(program.demo({ ...options, terminal })),
    );

  sendCommand(root, program, terminal, done);

  const channels = root
    .command('channels')
    .description('list channels, see to their replication, look at their partners');
  channelsCommands(channels, program, terminal, done);
  partnerCommands(channels, program, terminal, done);

  // It has options of its own, and commands with options of the same names.
  const audit = root.command('audit').enablePositionalOptions();
  auditCommand(audit, program, terminal, done);
  receiptCommands(audit, program, terminal, done);
  const log = root.command('log').description('verify an event log by its signed segments, or move it');
  logCommands(log, program, terminal, done);
  copyCommand(log, program, terminal, done);
  const figures = root.command('partners').description("say how partners' transfers stand");
  partnersCommands(figures, program, terminal, done);
  const projections = root.command('projections').description('list the read models, build them anew');
  projectionsCommands(projections, program, terminal, done);
  keysCommands(root.command('keys').description("make, renew and show the servers' keys"), program, terminal, done);
  transfersCommands(
    root.command('transfers').description('list transfers, show one, move a held one on'),
    program,
    terminal,
    done,
  );
  picturesCommands(root, program, terminal, done);
  return root;
};

const picturesCommands = (root: Command, program: Program, terminal: Terminal, done: Done): void => {
  example(root.command('visualise <scenario-or-id>'), 'sallyport visualise partnerSends --format mermaid')
    .description("draw a scenario, or a transfer's way through it, in two lanes, inner and dmz")
    .addOption(dataOption())
    .addOption(configOption())
    .addOption(new Option('--format <format>', 'how').choices(Object.keys(formats)).default('svg'))
    .option('--output <file>', 'where to, instead of standard output')
    .action((what: string, options: PictureOptions) => done(visualise(program, terminal, what, options)));
  example(root.command('replay <id>'), 'sallyport replay 01jh8 --data var/inner --to 3')
    .description('show the state of a transfer after each of its events, in the lane of its owner; or run it again')
    .addOption(dataOption())
    .addOption(configOption())
    .addOption(new Option('--to <n>', 'only up to this event; the first is 0').argParser(wholeNumber(0, 999_999_999)))
    .addOption(
      new Option('--again', 'run the ended transfer again, from its payload, as a new one; prints its id').conflicts(
        'to',
      ),
    )
    .option('--json', 'print JSON')
    .action((id: string, { again, ...options }: ReplayOptions & { readonly again?: true }) =>
      done(again ? replayAgain(program, terminal, id, options) : replay(program, terminal, id, options)),
    );
};

const sendCommand = (root: Command, program: Program, terminal: Terminal, done: Done): void => {
  example(root.command('send <file>'), 'sallyport send invoice.xml --channel acme --directory /in --data var/inner')
    .description("send a file to the server of a channel's partner; prints the id of its transfer")
    .addOption(dataOption())
    .addOption(configOption())
    .requiredOption('--channel <name>', 'the channel whose partner it is for')
    .option('--directory <directory>', 'directory at the partner', '/')
    .option('--name <name>', 'name at the partner, instead of its own')
    .addOption(new Option('--via-dmz', 'dmz sends it (this is so unless --direct is given)').conflicts('direct'))
    .option('--direct', 'inner itself sends it')
    .option('--wait', 'wait until it is sent (exit code 0), or held or abandoned (1)')
    .option('--json', 'print JSON')
    .action((file: string, options: SendOptions) => done(send(program, terminal, file, options)));
};

const keysCommands = (keys: Command, program: Program, terminal: Terminal, done: Done): void => {
  const directory = ['--directory <directory>', 'where the keys are kept'] as const;
  example(keys.command('create'), 'sallyport keys create --directory ./keys --inner inner --dmz dmz=dmz.example.com')
    .description('make a private CA and a key and certificate for each node; nothing is overwritten')
    .requiredOption(...directory)
    .option('--inner <node>', 'the name of inner, or name=host,host', 'inner')
    .option('--dmz <node...>', 'each dmz: its name, or name=host,host', ['dmz'])
    .action((options: { directory: string; inner: string; dmz: string[] }) =>
      done(createKeys(program, terminal, options)),
    );
  example(keys.command('renew'), 'sallyport keys renew --directory ./keys --node dmz')
    .description('give a node a new key and certificate; the old ones stay as .old')
    .requiredOption(...directory)
    .requiredOption('--node <node>', 'whose')
    .action((options: { directory: string; node: string }) => done(renewKeys(program, terminal, options)));
  example(keys.command('show'), 'sallyport keys show --directory ./keys')
    .description('print the certificates, their fingerprints, and how long they are valid')
    .requiredOption(...directory)
    .option('--json', 'print JSON')
    .action((options: { directory: string; json?: boolean }) => done(showKeys(program, terminal, options)));
};

const transfersCommands = (transfers: Command, program: Program, terminal: Terminal, done: Done): void => {
  example(transfers.command('list'), 'sallyport transfers list --data var/inner --open')
    .description('list transfers, the newest first')
    .addOption(dataOption())
    .addOption(configOption())
    .option('--state <state>', 'in this state only, e.g. held')
    .option('--channel <name>', 'of this channel only')
    .option('--open', 'only those that have not ended')
    .option('--limit <n>', 'at most so many', wholeNumber(1, 10_000), 50)
    .option('--json', 'print JSON')
    .action((options: ListOptions) => done(list(program, terminal, options)));
  example(transfers.command('show <id>'), 'sallyport transfers show 01jh8 --data var/inner')
    .description("show a transfer's whole story; the beginning of its id will do")
    .addOption(dataOption())
    .addOption(configOption())
    .option('--json', 'print JSON')
    .action((id: string, options: Asked) => done(show(program, terminal, id, options)));
  const orders: Readonly<Record<Order, string>> = {
    release: 'let a held transfer go on',
    retry: 'try an open transfer again at once, its failures forgotten',
    abandon: 'end an open transfer for good',
  };
  for (const [what, words] of Object.entries(orders) as [Order, string][]) {
    const reason = new Option('--reason <text>', 'why; it is recorded with your name').argParser(sentence);
    example(
      transfers.command(`${what} <id>`),
      `sallyport transfers ${what} 01jh8 --data var/inner --reason "partner called"`,
    )
      .description(words)
      .addOption(dataOption())
      .addOption(configOption())
      .addOption(what === 'abandon' ? reason.makeOptionMandatory() : reason.default(''))
      .option('--json', 'print JSON')
      .action((id: string, options: Asked & { reason: string }) => done(order(program, terminal, what, id, options)));
  }
};
