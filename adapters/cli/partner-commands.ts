import { type Command, InvalidArgumentError, Option } from 'commander';
import { partnerFingerprint } from '../../domain/partner.ts';
import type { Terminal } from '../shared/terminal.ts';
import { configOption, type Done, dataOption, example } from './options.ts';
import { type TestOptions, test } from './partner.ts';
import type { Program } from './program.ts';
import { type TrustOptions, trust } from './trust.ts';

/** The commands of `channels` that look at a channel's partner. */
export const partnerCommands = (channels: Command, program: Program, terminal: Terminal, done: Done): void => {
  example(channels.command('test <channel>'), 'sallyport channels test acme --write --directory /in --data var/inner')
    .description(
      "go through all that a transfer needs of a channel's partner, and say what fails first, and how it is mended",
    )
    .addOption(dataOption())
    .addOption(configOption())
    .option('--directory <directory>', 'directory at the partner', '/')
    .option('--write', 'write, rename and remove a small file there, too')
    .option('--via-dmz', 'as dmz sees it (one step); otherwise as inner does')
    .option('--json', 'print JSON')
    .action((channel: string, options: TestOptions) => done(test(program, terminal, channel, options)));
  example(channels.command('trust <channel>'), 'sallyport channels trust acme --data var/inner')
    .description(
      "approve the host key or certificate of the partner's server, once you have compared it; logs in nowhere",
    )
    .addOption(dataOption())
    .addOption(configOption())
    .addOption(
      new Option('--fingerprint <fingerprint>', 'what the partner says it is; approved only if it is seen').argParser(
        fingerprint,
      ),
    )
    .option('--yes', 'approve whatever is seen, without a question')
    .option('--revoke', 'take approvals back: all of them, or that of --fingerprint')
    .option('--via-dmz', 'as dmz sees it; otherwise as inner does')
    .option('--json', 'print JSON')
    .action((channel: string, options: TrustOptions) => done(trust(program, terminal, channel, options)));
};

const fingerprint = (text: string): string => {
  const parsed = partnerFingerprint.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new InvalidArgumentError('Write SHA256: and 43 characters, as ssh-keygen -l prints it.');
};
