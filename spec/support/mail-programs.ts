/** Postfix's own programs that send and take mail, unpacked by `npm run peers`. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { freePort } from './free-port.ts';
import { type Ran, run } from './run.ts';
import { until } from './until.ts';

/** Where postfix is unpacked. */
export const tree = fileURLToPath(new URL('../../var/peers/mail', import.meta.url));
/** Where its libraries are. */
export const libraries = ['usr/lib/postfix', 'usr/lib/x86_64-linux-gnu'].map((each) => join(tree, each)).join(':');

/** One of postfix's programs, by its path below the tree. */
export const programOf = (
  name: string,
  folder = 'usr/sbin',
): { readonly file: string; readonly env: Readonly<Record<string, string>> } => {
  if (!existsSync(tree)) throw new Error(`there is no ${name} in ${tree}: npm run peers`);
  return { file: join(tree, folder, name), env: { LD_LIBRARY_PATH: libraries } };
};

/** smtp-source: sends many mails, each of its own Message-ID. */
export const smtpSource = (port: number, args: readonly string[], within?: number): Promise<Ran> => {
  const { file, env } = programOf('smtp-source');
  return run(file, [...args, `127.0.0.1:${port}`], { env, ...(within === undefined ? {} : { within }) });
};

/** Takes mail, and keeps each as it came. */
export type MailSink = {
  readonly port: number;
  readonly mails: () => Promise<readonly string[]>;
  readonly count: () => Promise<number>;
  readonly stop: () => Promise<void>;
};

/** Starts smtp-sink. */
export const startSmtpSink = async (): Promise<MailSink> => {
  const { file, env } = programOf('smtp-sink');
  const [directory, port] = [await mkdtemp(join(tmpdir(), 'sallyport-mail-')), await freePort()];
  await chmod(directory, 0o777);
  const args = [
    '-u',
    userInfo().uid === 0 ? 'daemon' : userInfo().username,
    '-d',
    join(directory, '%M.'),
    `127.0.0.1:${port}`,
    '100',
  ];
  const child = spawn(file, args, { env: { ...process.env, ...env }, stdio: 'ignore' });
  await until('smtp-sink answers', async () => {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    socket.destroy();
    return true;
  });
  return {
    port,
    mails: async () => Promise.all((await readdir(directory)).map((each) => readFile(join(directory, each), 'utf8'))),
    count: async () => (await readdir(directory)).length,
    stop: async () => {
      child.kill('SIGTERM');
      await once(child, 'exit');
      await rm(directory, { recursive: true });
    },
  };
};

/** The version of both. */
export const postfixVersion = (): string =>
  /\((\d[\w.]*)/.exec(
    gunzipSync(readFileSync(join(tree, 'usr/share/doc/postfix/changelog.Debian.gz'))).toString(),
  )?.[1] ?? '?';
