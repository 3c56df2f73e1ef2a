/** What many commands have in common. */
import { type Command, Option } from 'commander';

/** Takes the exit code of a command that runs. */
export type Done = (run: Promise<number>) => Promise<void>;

/** Names a server by its data directory. */
export const dataOption = (): Option => new Option('--data <directory>', "the server's data directory");

/** Names a server by its config. */
export const configOption = (): Option =>
  new Option('--config <file>', "the server's config, instead of --data").conflicts('data');

/** Adds an example to a command's help. */
export const example = (command: Command, line: string): Command =>
  command.addHelpText('after', `\nExample:\n  ${line}`);
