/** The other side: a file goes to one host, and `sftp get -r` fetches it from there to a second. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../support/free-port.ts';
import { run } from '../support/run.ts';
import { unpackedTo } from '../support/unpacked.ts';
import { until } from '../support/until.ts';
import { expectSame, type Load } from './load.ts';
import { send, sftpGet, type Target } from './senders.ts';

export type Peer = {
  /** Sends and fetches a load; rejects unless it has arrived byte for byte; answers the seconds of both hops. */
  round(load: Load, prefix: string): Promise<number>;
  /** Ends the servers and removes their data. */
  end(): Promise<void>;
};

type Account = { readonly name: string; readonly uid: number; readonly gid: number };

/** Root does not serve: its sshd would need an account and a directory of the system; `daemon` is on every one. */
const accountOf = async (): Promise<Account> => {
  const { username, uid, gid } = userInfo();
  if (uid !== 0) return { name: username, uid, gid };
  const id = async (kind: string): Promise<number> => Number((await run('id', [kind, 'daemon'])).out);
  return { name: 'daemon', uid: await id('-u'), gid: await id('-g') };
};

/** Starts OpenSSH's sshd, and vsftpd where that is the protocol of the first hop. */
export const startPeer = async (protocol: 'sftp' | 'ftp'): Promise<Peer> => {
  const directory = await mkdtemp(join(tmpdir(), 'sallyport-peer-'));
  await chmod(directory, 0o755);
  const account = await accountOf();
  const own = (name: string): Promise<void> => chown(join(directory, name), account.uid, account.gid);
  const up = join(directory, 'up');
  await mkdir(up);
  await own('up');
  const ports = { sftp: await freePort(), ftp: await freePort() };
  for (const key of ['identity', 'host'])
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(directory, key)]);
  await own('host');
  await copyFile(join(directory, 'identity.pub'), join(directory, 'authorized'));
  await writeFile(join(directory, 'sshd.conf'), sshdConfig(directory, ports.sftp));
  await writeFile(join(directory, 'vsftpd.conf'), vsftpdConfig(up, ports.ftp, account.name), { mode: 0o644 });
  await own('vsftpd.conf');

  const serve = async (name: string, port: number, ...args: readonly string[]) => {
    const { root, env } = await unpackedTo('partners', join(directory, name));
    const identity = process.getuid?.() === 0 ? { uid: account.uid, gid: account.gid } : {};
    const options = { cwd: directory, env: { ...process.env, ...env }, stdio: 'ignore', ...identity } as const;
    const child = spawn(join(root, 'usr/sbin', name), args, options);
    const exit = once(child, 'exit');
    await until(`${name} listens`, () => (child.exitCode === null ? listens(port) : true));
    if (child.exitCode !== null) throw new Error(`${name} ended at its start with ${child.exitCode}`);
    return async () => {
      child.kill();
      await exit;
    };
  };
  const servers = [await serve('sshd', ports.sftp, '-D', '-f', join(directory, 'sshd.conf'))];
  if (protocol === 'ftp') servers.push(await serve('vsftpd', ports.ftp, join(directory, 'vsftpd.conf')));

  const host = { login: account.name, password: 'any', identity: join(directory, 'identity'), directory: up };
  const second: Target = { ...host, protocol: 'sftp', port: ports.sftp };
  const first: Target =
    protocol === 'sftp' ? second : { ...host, protocol, port: ports.ftp, login: 'anonymous', directory: '/' };
  return {
    round: async (load, prefix) => {
      const got = join(directory, 'got');
      const start = performance.now();
      await send(first, load, prefix);
      await sftpGet(second, got);
      const seconds = (performance.now() - start) / 1000;
      await expectSame(load, got, prefix);
      await rm(got, { recursive: true });
      for (const name of load.shares.flat()) await rm(join(up, `${prefix}${name}`));
      return seconds;
    },
    end: async () => {
      await Promise.all(servers.map((stop) => stop()));
      await rm(directory, { recursive: true, force: true });
    },
  };
};

const listens = async (port: number): Promise<boolean> => {
  const socket = connect(port, '127.0.0.1');
  return await once(socket, 'connect')
    .then(() => true)
    .finally(() => socket.destroy());
};

const lines = (...each: readonly string[]): string => `${each.join('\n')}\n`;

const sshdConfig = (directory: string, port: number): string =>
  lines(
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey "${join(directory, 'host')}"`,
    `AuthorizedKeysFile "${join(directory, 'authorized')}"`,
    'PidFile none',
    'UsePAM no',
    'StrictModes no',
    'Subsystem sftp internal-sftp',
  );

const vsftpdConfig = (up: string, port: number, account: string): string =>
  lines(
    'listen=YES',
    'listen_address=127.0.0.1',
    `listen_port=${port}`,
    'background=NO',
    // vsftpd sleeps a second where a port is taken; so it keeps off those that clients' ended connections still hold.
    'pasv_min_port=10000',
    'pasv_max_port=30000',
    'run_as_launching_user=YES',
    `ftp_username=${account}`,
    'anonymous_enable=YES',
    'no_anon_password=YES',
    `anon_root=${up}`,
    'anon_umask=022',
    'write_enable=YES',
    'anon_upload_enable=YES',
    'xferlog_enable=NO',
    'seccomp_sandbox=NO',
    'isolate=NO',
    'isolate_network=NO',
    `secure_chroot_dir=${up}`,
  );
