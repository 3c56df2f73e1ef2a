/** Servers that we did not write, as partners run them: OpenSSH, vsftpd, proftpd and nginx, unpacked by `npm run peers`. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, chown, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import type { Credentials } from '../../domain/partner.ts';
import { freePort } from './free-port.ts';
import { until } from './until.ts';

/** A running server of a partner. */
export type PartnerServer = {
  readonly port: number;
  /** First and last port of data connections. */
  readonly dataPorts: readonly [number, number];
  readonly login: string;
  readonly credentials: Credentials;
  /** Fingerprints of its host keys or certificate. */
  readonly trusted: readonly string[];
  /** PEM of its certificate, which vouches for itself and for the name localhost. */
  readonly certificate: string;
  /** Its directory on this machine's disk, and what its clients call that. */
  readonly disk: string;
  readonly root: string;
  /** Whoever owns the files, so that the server may touch them. */
  readonly own: (path: string) => Promise<void>;
  readonly printed: () => string;
  readonly stop: () => Promise<void>;
};

/** How an FTP server is to be run. */
export type FtpKind = {
  readonly tls?: 'explicit' | 'implicit';
  readonly version?: '1.2' | '1.3';
  readonly expired?: true;
};

const trees = fileURLToPath(new URL('../../var/peers', import.meta.url));
const peers = join(trees, 'partners');
const libraries = join(peers, 'usr/lib/x86_64-linux-gnu');
const isRoot = userInfo().uid === 0;
/** Whom files belong to: the servers run as, or for, somebody who is not root and has a home (vsftpd goes there first). */
const guest = isRoot ? { uid: 1, gid: 1, username: 'daemon' } : userInfo();
const password = 'open sesame';

type Room = {
  readonly directory: string;
  readonly disk: string;
  readonly port: number;
  readonly dataPorts: readonly [number, number];
};

const room = async (): Promise<Room> => {
  if (!existsSync(peers)) throw new Error(`there are no servers in ${peers}: npm run peers`);
  const directory = await mkdtemp(join(tmpdir(), 'sallyport-partner-'));
  await chmod(directory, 0o755);
  const disk = join(directory, 'files');
  await mkdir(disk);
  await own(disk);
  const from = 20_000 + Math.floor(Math.random() * 10_000);
  return { directory, disk, port: await freePort(), dataPorts: [from, from + 39] };
};

const own = (path: string): Promise<void> => chown(path, guest.uid, guest.gid);

const programAt = (program: string): string =>
  join(program === 'nginx' ? join(trees, 'web') : peers, 'usr/sbin', program);

/** Starts the program and waits until it answers. */
const start = async (
  here: Room,
  program: string,
  args: readonly string[],
  as: { readonly uid?: number; readonly gid?: number } = {},
): Promise<Pick<PartnerServer, 'port' | 'dataPorts' | 'disk' | 'own' | 'printed' | 'stop'>> => {
  const child = spawn(programAt(program), args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, LD_LIBRARY_PATH: libraries },
    ...as,
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
    });
  const exit = once(child, 'exit');
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM');
      await exit;
    }
    await rm(here.directory, { recursive: true, force: true });
  };
  await until(`${program} answers`, async () => {
    if (child.exitCode !== null) return true;
    const socket = connect(here.port, '127.0.0.1');
    await once(socket, 'connect');
    socket.destroy();
    return true;
  });
  if (child.exitCode !== null) throw new Error(`${program} ended at its start: ${printed}`);
  return { ...here, own, printed: () => printed, stop };
};

/** Makes a host key; answers its file and fingerprint. */
const hostKey = (directory: string): { readonly file: string; readonly fingerprint: string } => {
  const file = join(directory, 'host-key');
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file]);
  const shown = execFileSync('ssh-keygen', ['-l', '-f', file], { encoding: 'utf8' });
  return { file, fingerprint: shown.split(' ')[1] ?? '' };
};

/** Makes a certificate for localhost that vouches for itself. */
export const certificate = async (directory: string, expired = false) => {
  const [key, file] = [join(directory, 'tls.key'), join(directory, 'tls.crt')];
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  const kind = ['-newkey', 'rsa:2048', '-nodes', '-days', '30', ...names];
  execFileSync('openssl', ['req', '-x509', ...kind, '-keyout', key, '-out', file], { stdio: 'ignore' });
  const again = ['x509', '-in', file, '-signkey', key, '-days', '-1', '-out', file];
  if (expired) execFileSync('openssl', again, { stdio: 'ignore' });
  const shown = execFileSync('openssl', ['x509', '-in', file, '-outform', 'DER']);
  const digest = execFileSync('openssl', ['dgst', '-sha256', '-binary'], { input: shown });
  const fingerprint = `SHA256:${digest.toString('base64').replace(/=+$/, '')}`;
  return { key, file, fingerprint, pem: await readFile(file, 'utf8') };
};

/** OpenSSH's server with its own SFTP part; it lets a key in. */
export const startSshd = async (): Promise<PartnerServer> => {
  const here = await room();
  const key = hostKey(here.directory);
  const identity = join(here.directory, 'identity');
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', identity]);
  const config = join(here.directory, 'sshd_config');
  const lines = [
    `Port ${here.port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${key.file}`,
    `AuthorizedKeysFile ${identity}.pub`,
    'StrictModes no',
    'UsePAM no',
    'PasswordAuthentication yes',
    'PidFile none',
    'MaxStartups 100',
    'Subsystem sftp internal-sftp',
    'ForceCommand internal-sftp',
  ];
  await writeFile(config, lines.join('\n'));
  for (const file of [key.file, identity, `${identity}.pub`, config]) await own(file);
  // As somebody else than root it needs neither a user nor a directory of the system's.
  const running = await start(here, 'sshd', ['-D', '-e', '-f', config], { uid: guest.uid, gid: guest.gid });
  return {
    ...running,
    login: guest.username,
    credentials: { privateKey: await readFile(identity, 'utf8') },
    trusted: [key.fingerprint],
    certificate: '',
    root: here.disk,
  };
};

/** vsftpd; it runs as root, and a wrong password is refused as by any other server. */
export const startVsftpd = async ({ tls }: FtpKind = {}): Promise<PartnerServer> => {
  const here = await room();
  const { directory, dataPorts } = here;
  const pair = await certificate(directory);
  const passwords = join(directory, 'passwords');
  await writeFile(passwords, `${password}\n`);
  await mkdir(join(directory, 'empty'));
  const settings = {
    listen: 'YES',
    listen_address: '127.0.0.1',
    listen_port: here.port,
    background: 'NO',
    seccomp_sandbox: 'NO',
    isolate: 'NO',
    isolate_network: 'NO',
    anonymous_enable: 'YES',
    secure_email_list_enable: 'YES',
    email_password_file: passwords,
    ftp_username: guest.username,
    nopriv_user: guest.username,
    secure_chroot_dir: join(directory, 'empty'),
    // It refuses a root that its user may write to.
    anon_root: directory,
    anon_upload_enable: 'YES',
    anon_mkdir_write_enable: 'YES',
    anon_other_write_enable: 'YES',
    anon_world_readable_only: 'NO',
    anon_umask: '022',
    write_enable: 'YES',
    max_login_fails: 10,
    delay_failed_login: 0,
    pasv_min_port: dataPorts[0],
    pasv_max_port: dataPorts[1],
    ...(tls === undefined
      ? {}
      : {
          ssl_enable: 'YES',
          allow_anon_ssl: 'YES',
          force_anon_logins_ssl: 'YES',
          force_anon_data_ssl: 'YES',
          require_ssl_reuse: 'YES',
          // An upload whose TLS was not ended is refused.
          strict_ssl_read_eof: 'YES',
          ssl_ciphers: 'HIGH',
          rsa_cert_file: pair.file,
          rsa_private_key_file: pair.key,
          implicit_ssl: tls === 'implicit' ? 'YES' : 'NO',
        }),
  };
  const config = join(directory, 'vsftpd.conf');
  await writeFile(
    config,
    Object.entries(settings)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(''),
  );
  const running = await start(here, 'vsftpd', [config]);
  return {
    ...running,
    login: 'anonymous',
    credentials: { password },
    trusted: [pair.fingerprint],
    certificate: pair.pem,
    root: '/files',
  };
};

/** proftpd, over FTP, FTPS or (mod_sftp) SFTP. */
export const startProftpd = async ({
  tls,
  version,
  expired,
  sftp,
}: FtpKind & { readonly sftp?: true } = {}): Promise<PartnerServer> => {
  const here = await room();
  const { directory, dataPorts } = here;
  const pair = await certificate(directory, expired);
  const key = hostKey(directory);
  const users = join(directory, 'users');
  const hash = execFileSync('openssl', ['passwd', '-5', password], { encoding: 'utf8' }).trim();
  await writeFile(users, `acme:${hash}:${guest.uid}:${guest.gid}::${here.disk}:/bin/sh\n`, { mode: 0o600 });
  if (!isRoot) await own(users);
  const module = (name: string): string => `LoadModule ${name}.c`;
  const lines = [
    `ModulePath ${join(peers, 'usr/lib/proftpd')}`,
    module('mod_tls'),
    module('mod_sftp'),
    'ServerType standalone',
    'SocketBindTight on',
    'DefaultServer on',
    'UseIPv6 off',
    'DefaultAddress 127.0.0.1',
    `Port ${here.port}`,
    `PassivePorts ${dataPorts[0]} ${dataPorts[1]}`,
    `User ${guest.username}`,
    `Group ${isRoot ? 'daemon' : execFileSync('id', ['-gn'], { encoding: 'utf8' }).trim()}`,
    `PidFile ${join(directory, 'pid')}`,
    `ScoreboardFile ${join(directory, 'scoreboard')}`,
    'DelayEngine off',
    `SystemLog ${join(directory, 'log')}`,
    'WtmpLog off',
    'TransferLog none',
    'RequireValidShell off',
    'AuthPAM off',
    'AuthOrder mod_auth_file.c',
    `AuthUserFile ${users}`,
    'AllowOverwrite on',
    'MaxLoginAttempts 20',
    'UseReverseDNS off',
    ...(tls === undefined
      ? []
      : [
          'TLSEngine on',
          'TLSRequired on',
          `TLSRSACertificateFile ${pair.file}`,
          `TLSRSACertificateKeyFile ${pair.key}`,
          `TLSProtocol ${version === undefined ? 'TLSv1.2 TLSv1.3' : `TLSv${version}`}`,
          ...(tls === 'implicit' ? ['TLSOptions UseImplicitSSL'] : []),
        ]),
    ...(sftp === true ? ['SFTPEngine on', `SFTPHostKey ${key.file}`, 'SFTPAuthMethods password'] : []),
  ];
  const config = join(directory, 'proftpd.conf');
  await writeFile(config, `${lines.join('\n')}\n`);
  const running = await start(here, 'proftpd', ['-n', '-c', config]);
  return {
    ...running,
    login: 'acme',
    credentials: { password },
    trusted: [sftp === true ? key.fingerprint : pair.fingerprint],
    certificate: pair.pem,
    root: here.disk,
  };
};

/** nginx as a server that takes files by PUT (WebDAV), over HTTPS where that is asked for; its log tells each request. */
export const startNginx = async ({
  tls,
  more = [],
  upstreams = [],
}: {
  readonly tls?: true;
  readonly more?: readonly string[];
  readonly upstreams?: readonly string[];
} = {}): Promise<PartnerServer> => {
  const here = await room();
  const { directory, disk, port } = here;
  const pair = await certificate(directory);
  const passwords = join(directory, 'passwords');
  await writeFile(passwords, `acme:${execFileSync('openssl', ['passwd', '-5', password], { encoding: 'utf8' })}`);
  for (const name of ['body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']) {
    await mkdir(join(directory, name));
    await own(join(directory, name));
  }
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${join(directory, name === 'client_body' ? 'body' : name)};`,
  );
  const secured = tls === undefined ? [] : [`ssl_certificate ${pair.file};`, `ssl_certificate_key ${pair.key};`];
  const [config, log] = [join(directory, 'nginx.conf'), join(directory, 'log')];
  const lines = [
    ...['daemon off;', 'error_log stderr;', `pid ${join(directory, 'pid')};`],
    ...(isRoot ? [`user ${guest.username};`] : []),
    'events {}',
    'http {',
    ...temporary,
    `log_format said '$request_method $request_uri $status $content_length "$http_idempotency_key" "$http_x_own"';`,
    `access_log ${log} said;`,
    'client_max_body_size 0;',
    ...upstreams,
    'server {',
    `listen 127.0.0.1:${port}${tls === undefined ? '' : ' ssl'};`,
    ...secured,
    `root ${disk};`,
    'dav_methods PUT;',
    'auth_basic files;',
    `auth_basic_user_file ${passwords};`,
    ...more,
    '}',
    '}',
  ];
  await writeFile(config, lines.join('\n'));
  const running = await start(here, 'nginx', ['-p', directory, '-c', config]);
  return {
    ...running,
    printed: () => running.printed() + readFileSync(log, 'utf8'),
    login: 'acme',
    credentials: { password },
    trusted: tls === undefined ? [] : [pair.fingerprint],
    certificate: pair.pem,
    root: '/',
  };
};

const versions: Readonly<Record<string, readonly [string, string]>> = {
  vsftpd: ['vsftpd', '-v'],
  proftpd: ['proftpd', '-v'],
  sshd: ['sshd', '-V'],
  nginx: ['nginx', '-v'],
};

/** The version that a server's program says it is. */
export const serverVersion = (program: string): string => {
  const [name, flag] = versions[program] ?? ['', ''];
  const ran = spawnSync(programAt(name), [flag], {
    encoding: 'utf8',
    env: { ...process.env, LD_LIBRARY_PATH: libraries },
  });
  // vsftpd says it to its standard input.
  return /\d+\.\d[\w.]*/.exec(`${ran.stdout}${ran.stderr}`)?.[0] ?? versionOfPackage(program);
};

const versionOfPackage = (program: string): string => {
  const changes = join(peers, 'usr/share/doc', program, 'changelog.Debian.gz');
  return /\((\d[\w.]*)/.exec(gunzipSync(readFileSync(changes)).toString())?.[1] ?? '?';
};
