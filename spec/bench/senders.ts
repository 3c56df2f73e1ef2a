/** The programs that send and fetch: the same ones, called in the same way, for our servers and for their peers. */
import { join } from 'node:path';
import { run } from '../support/run.ts';
import type { Load } from './load.ts';

/** The longest that a program may take, milliseconds. */
const within = 30 * 60_000;

/** A server and an account there; `directory` is where files go, seen from the client. */
export type Target = {
  readonly protocol: 'sftp' | 'ftp';
  readonly port: number;
  readonly login: string;
  readonly password: string;
  /** Private key file, for SFTP. */
  readonly identity: string;
  readonly directory: string;
};

/** Sends every share of a load at the same time, each over one connection of its own; names get the prefix. */
export const send = async (target: Target, load: Load, prefix: string): Promise<void> => {
  const program = target.protocol === 'sftp' ? sftpPut : curlPut;
  await Promise.all(load.shares.map((names) => program(target, load.directory, names, prefix)));
};

/** `sftp get -r` of the target's directory to one that is not there yet. */
export const sftpGet = (target: Target, local: string): Promise<void> =>
  sftp(target, [`get -r ${quoted(target.directory)} ${quoted(local)}`]);

type Put = (target: Target, directory: string, names: readonly string[], prefix: string) => Promise<void>;

const sftpPut: Put = (target, directory, names, prefix) =>
  sftp(target, [
    `cd ${quoted(target.directory)}`,
    ...names.map((name) => `put ${quoted(join(directory, name))} ${quoted(`${prefix}${name}`)}`),
  ]);

const sftp = async (target: Target, commands: readonly string[]): Promise<void> => {
  const unknown = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'LogLevel=ERROR', 'IdentitiesOnly=yes'];
  const options = unknown.flatMap((option) => ['-o', option]);
  const login = ['-i', target.identity, '-P', String(target.port), `${target.login}@127.0.0.1`];
  await done('sftp', ['-q', '-F', 'none', '-b', '-', ...options, ...login], `${commands.join('\n')}\n`);
};

const curlPut: Put = (target, directory, names, prefix) => {
  const lines = names.flatMap((name) => [
    `upload-file = ${quoted(join(directory, name))}`,
    `url = ${quoted(`ftp://127.0.0.1:${target.port}${join('/', target.directory, `${prefix}${name}`)}`)}`,
  ]);
  const login = `user = ${quoted(`${target.login}:${target.password}`)}`;
  return done('curl', ['-q', '-sS', '-f', '-K', '-'], `${[login, ...lines].join('\n')}\n`);
};

/** As both sftp's batch files and curl's config files have it. */
const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`;

const done = async (program: string, args: readonly string[], input: string): Promise<void> => {
  const { code, err } = await run(program, args, { input, within });
  if (code !== 0) throw new Error(`${program} ended with ${code ?? 'a signal'}:\n${err}`);
};
