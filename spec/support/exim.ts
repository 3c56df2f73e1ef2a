/** Exim as partners run it, unpacked by `npm run peers`. It takes root to run it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { freePort } from './free-port.ts';
import { certificate } from './partner-servers.ts';
import type { Mailer } from './postfix.ts';
import { run } from './run.ts';
import { until } from './until.ts';

const tree = fileURLToPath(new URL('../../var/peers/exim', import.meta.url));
const program = join(tree, 'usr/sbin/exim4');

// An account that every Debian system has; exim is built for one of its own, whose name it is told means the same.
const [account, own] = ['daemon', 'Debian-exim'];

const configOf = (
  directory: string,
  routes: Readonly<Record<string, number>>,
  env: Readonly<Record<string, string>>,
) => {
  const routers = Object.entries(routes).map(([domain, port], i) => [
    `route${i}:`,
    'driver = manualroute',
    `domains = ${domain}`,
    'route_list = * 127.0.0.1',
    'self = send',
    `transport = out${i}`,
    `out${i}:`,
    'driver = smtp',
    `port = ${port}`,
  ]);
  return [
    `keep_environment =`,
    `add_environment = <; ${Object.entries(env)
      .map(([name, value]) => `${name}=${value}`)
      .join('; ')}`,
    'primary_hostname = mail.acme.example',
    `exim_path = ${program}`,
    `exim_user = ${account}`,
    `exim_group = ${account}`,
    'deliver_drop_privilege',
    `spool_directory = ${directory}/spool`,
    `log_file_path = ${directory}/spool/%slog`,
    `pid_file_path = ${directory}/spool/pid`,
    'local_interfaces = 127.0.0.1',
    `tls_certificate = ${directory}/tls.crt`,
    `tls_privatekey = ${directory}/tls.key`,
    'tls_advertise_hosts = *',
    'dsn_advertise_hosts = *',
    'acl_smtp_rcpt = rcpt',
    'begin acl',
    'rcpt:',
    'accept domains = acme.example',
    'deny message = nobody here',
    'begin routers',
    'here:',
    'driver = accept',
    'domains = acme.example',
    'transport = store',
    ...routers.flatMap((each) => each.slice(0, 6)),
    'begin transports',
    'store:',
    'driver = appendfile',
    `directory = ${directory}/spool/mailbox`,
    'maildir_format',
    ...routers.flatMap((each) => each.slice(6)),
    'begin retry',
    '* * F,2h,1s',
    '',
  ].join('\n');
};

/** Starts it, and waits until it answers. */
export const startExim = async (routes: Readonly<Record<string, number>> = {}): Promise<Mailer> => {
  if (!existsSync(tree)) throw new Error(`there is no exim in ${tree}: npm run peers`);
  const directory = await mkdtemp(join(tmpdir(), 'sallyport-exim-'));
  await chmod(directory, 0o755);
  await mkdir(join(directory, 'spool'));
  await chown(join(directory, 'spool'), 1, 1);
  const pair = await certificate(directory);
  await chown(pair.key, 1, 1);
  const [passwd, group] = [join(directory, 'passwd'), join(directory, 'group')];
  await writeFile(passwd, `${await readFile('/etc/passwd', 'utf8')}${own}:x:1:1::/:/bin/false\n`);
  await writeFile(group, `${await readFile('/etc/group', 'utf8')}${own}:x:1:\n`);
  const env = {
    LD_LIBRARY_PATH: join(tree, 'usr/lib/x86_64-linux-gnu'),
    LD_PRELOAD: 'libnss_wrapper.so',
    NSS_WRAPPER_PASSWD: passwd,
    NSS_WRAPPER_GROUP: group,
  };
  const config = join(directory, 'exim.conf');
  await writeFile(config, configOf(directory, routes, env));
  const port = await freePort();
  const child = spawn(program, ['-C', config, '-bdf', '-q1s', '-oX', `127.0.0.1.${port}`], {
    env: { ...process.env, ...env },
    stdio: 'ignore',
  });
  const exit = once(child, 'exit');
  const spool = (name: string): string => join(directory, 'spool', name);
  const printed = (): string => (existsSync(spool('mainlog')) ? readFileSync(spool('mainlog'), 'utf8') : '');
  await until('exim answers', async () => {
    if (child.exitCode !== null) throw new Error(`it ended: ${printed()}`);
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    socket.destroy();
    return true;
  });
  const inbox = spool('mailbox/new');
  return {
    ...{ port, printed, trusted: [pair.fingerprint], certificate: pair.pem },
    mails: async () => {
      const names = await readdir(inbox).catch(() => []);
      return Promise.all(names.map((each) => readFile(join(inbox, each), 'utf8')));
    },
    submit: (mail, args) => run(program, ['-C', config, ...args], { input: mail, env }),
    queued: async () => (await readdir(spool('input')).catch(() => [])).length,
    stop: async () => {
      if (child.exitCode === null) {
        child.kill('SIGTERM');
        await exit;
      }
      await rm(directory, { recursive: true, force: true, maxRetries: 10 });
    },
  };
};

/** Its version. */
export const eximVersion = (): string =>
  /\((\d[\w.]*)/.exec(
    gunzipSync(readFileSync(join(tree, 'usr/share/doc/exim4-daemon-light/changelog.Debian.gz'))).toString(),
  )?.[1] ?? '?';
