/** What the commands' options have in common. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { certificateFingerprint } from '../../domain/channel.ts';

/** Takes a command's running: its exit code becomes the program's. */
export type Done = (run: Promise<number>) => Promise<void>;

/** `--data`: the server that is asked. */
export const dataOption = (): Option => new Option('--data <directory>', "the server's data directory");

/** `--config`, instead. */
export const configOption = (): Option =>
  new Option('--config <file>', "the server's config, instead of --data").conflicts('data');

/** `--fingerprint`, several times: whose signatures are taken. */
export const fingerprintsOption = (): Option =>
  new Option('--fingerprint <fingerprint>', 'take only signatures of this certificate (may be said several times)')
    .default([])
    .argParser((text, before: readonly string[]) => {
      const parsed = certificateFingerprint.safeParse(text);
      if (parsed.success) return [...before, parsed.data];
      throw new InvalidArgumentError('Write sha256: and 64 hexadecimal digits, as `sallyport keys show` prints it.');
    });

/** A command with an example under its help. */
export const example = (command: Command, line: string): Command =>
  command.addHelpText('after', `\nExample:\n  ${line}`);

/** Takes a whole number from `from` to `to`. */
export const wholeNumber =
  (from: number, to: number) =>
  (text: string): number => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= from && value <= to) return value;
    throw new InvalidArgumentError(`Write a whole number from ${from} to ${to}.`);
  };

/** Takes a text that says something. */
export const sentence = (text: string): string => {
  if (text.trim() !== '' && text.length <= 1000) return text;
  throw new InvalidArgumentError('Write a sentence of at most 1000 characters.');
};
