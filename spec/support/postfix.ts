/** Postfix as partners run it: a server with a queue of its own, unpacked by `npm run peers`. It takes root to run it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { libraries, programOf, tree } from './mail-programs.ts';
import { certificate } from './partner-servers.ts';
import { type Ran, run } from './run.ts';
import { until } from './until.ts';

/** A mail server of a partner, which takes mail for `orders@acme.example` and passes on what else it is given. */
export type Mailer = {
  /** SMTP with STARTTLS. */
  readonly port: number;
  /** TLS from the first byte, where it has that. */
  readonly tlsPort?: number;
  /** Fingerprints of its certificate, and that itself. */
  readonly trusted: readonly string[];
  readonly certificate: string;
  /** What is in its mailboxes. */
  readonly mails: () => Promise<readonly string[]>;
  /** Puts a mail into its queue; `args` are those of sendmail. */
  readonly submit: (mail: string, args: readonly string[]) => Promise<Ran>;
  /** How many mails wait in its queue. */
  readonly queued: () => Promise<number>;
  readonly printed: () => string;
  readonly stop: () => Promise<void>;
};

/** How it is run: which port of this machine mail goes to, by domain; and more settings of main.cf. */
export type PostfixOptions = {
  readonly port?: number;
  readonly routes?: Readonly<Record<string, number>>;
  readonly settings?: Readonly<Record<string, string>>;
};

/** The address of its mailbox. */
export const acmeMailbox = 'orders@acme.example';

// Accounts and a group that every Debian system has, since postfix insists on two of its own.
const account = { name: 'daemon', uid: 1, group: 'games', gid: 60 };

const services = (port: number, tlsPort: number): string =>
  [
    `127.0.0.1:${port} inet n - n - - smtpd`,
    `127.0.0.1:${tlsPort} inet n - n - - smtpd -o smtpd_tls_wrappermode=yes`,
    'pickup unix n - n 60 1 pickup',
    'cleanup unix n - n - 0 cleanup',
    'qmgr unix n - n 1 1 qmgr',
    'tlsmgr unix - - n 1000? 1 tlsmgr',
    'rewrite unix - - n - - trivial-rewrite',
    ...['bounce', 'defer', 'trace'].map((each) => `${each} unix - - n - 0 bounce`),
    ...['smtp', 'relay'].map((each) => `${each} unix - - n - - smtp`),
    ...['error', 'retry'].map((each) => `${each} unix - - n - - error`),
    'virtual unix - n n - - virtual',
    'anvil unix - - n - 1 anvil',
    'scache unix - - n - 1 scache',
    'proxymap unix - - n - - proxymap',
    'postlog unix-dgram n - n - 1 postlogd',
    '',
  ].join('\n');

const settingsOf = (
  directory: string,
  routes: NonNullable<PostfixOptions['routes']>,
): Readonly<Record<string, string>> => {
  const entries = Object.entries(routes).map(([domain, port]) => `{ ${domain} = smtp:[127.0.0.1]:${port} }`);
  return {
    compatibility_level: '3.6',
    queue_directory: join(directory, 'queue'),
    data_directory: join(directory, 'data'),
    command_directory: join(tree, 'usr/sbin'),
    daemon_directory: join(tree, 'usr/lib/postfix/sbin'),
    shlib_directory: join(tree, 'usr/lib/postfix'),
    meta_directory: directory,
    mail_owner: account.name,
    setgid_group: account.group,
    default_privs: 'nobody',
    import_environment: `MAIL_CONFIG LD_LIBRARY_PATH=${libraries}`,
    export_environment: `MAIL_CONFIG LD_LIBRARY_PATH=${libraries}`,
    myhostname: 'mx.acme.example',
    mydestination: '',
    inet_interfaces: '127.0.0.1',
    inet_protocols: 'ipv4',
    mynetworks: '127.0.0.0/8',
    smtp_host_lookup: 'native',
    alias_maps: '',
    alias_database: '',
    virtual_mailbox_domains: 'acme.example',
    virtual_mailbox_base: join(directory, 'mailboxes'),
    virtual_mailbox_maps: `inline:{ { ${acmeMailbox} = orders/ } }`,
    virtual_minimum_uid: '1',
    virtual_uid_maps: `static:${account.uid}`,
    virtual_gid_maps: `static:${account.uid}`,
    ...(entries.length === 0 ? {} : { transport_maps: `inline:{ ${entries.join(', ')} }` }),
    smtp_tls_security_level: 'may',
    smtpd_tls_security_level: 'may',
    smtpd_tls_cert_file: join(directory, 'tls.crt'),
    smtpd_tls_key_file: join(directory, 'tls.key'),
    // Only what nobody counts here.
    hash_queue_names: 'trace',
    queue_run_delay: '1s',
    minimal_backoff_time: '1s',
    maximal_backoff_time: '1s',
    maillog_file: '/dev/stdout',
  };
};

const queues = ['active', 'bounce', 'corrupt', 'defer', 'deferred', 'flush', 'hold', 'incoming', 'saved', 'trace'];

const makeQueue = async (directory: string): Promise<void> => {
  for (const name of ['queue', 'queue/pid']) await mkdir(join(directory, name));
  for (const name of [...queues.map((each) => `queue/${each}`), 'queue/private', 'data', 'mailboxes']) {
    await mkdir(join(directory, name), { mode: 0o700 });
    await chown(join(directory, name), account.uid, 0);
  }
  for (const [name, mode] of [['maildrop', 0o730] as const, ['public', 0o710] as const]) {
    const path = join(directory, 'queue', name);
    await mkdir(path);
    await chown(path, account.uid, account.gid);
    await chmod(path, mode);
  }
};

/** Starts it, and waits until it answers. */
export const startPostfix = async (options: PostfixOptions = {}): Promise<Mailer> => {
  const { routes = {}, settings = {} } = options;
  const directory = await mkdtemp(join(tmpdir(), 'sallyport-postfix-'));
  await chmod(directory, 0o755);
  const [port, tlsPort] = [options.port ?? (await freePort()), await freePort()];
  const pair = await certificate(directory);
  await makeQueue(directory);
  const main = Object.entries({ ...settingsOf(directory, routes), ...settings });
  await writeFile(join(directory, 'main.cf'), main.map(([name, value]) => `${name} = ${value}\n`).join(''));
  await writeFile(join(directory, 'master.cf'), services(port, tlsPort));
  await writeFile(join(directory, 'dynamicmaps.cf'), '');
  const { file, env } = programOf('master', 'usr/lib/postfix/sbin');
  // It opens its standard output anew, which is no more possible with a pipe of Node.
  const log = join(directory, 'log');
  const output = openSync(log, 'a');
  const child = spawn(file, ['-c', directory, '-d'], {
    env: { ...process.env, ...env },
    stdio: ['ignore', output, 'ignore'],
  });
  closeSync(output);
  const printed = (): string => readFileSync(log, 'utf8');
  const exit = once(child, 'exit');
  await until('postfix answers', async () => {
    if (child.exitCode !== null) throw new Error(`it ended: ${printed()}`);
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    socket.destroy();
    return true;
  });
  const listed = async (...names: readonly string[]): Promise<readonly string[]> =>
    (await Promise.all(names.map((name) => readdir(join(directory, name)).catch(() => [])))).flat();
  return {
    ...{ port, tlsPort, printed, trusted: [pair.fingerprint], certificate: pair.pem },
    mails: async () => {
      const inbox = 'mailboxes/orders/new';
      return Promise.all((await listed(inbox)).map((each) => readFile(join(directory, inbox, each), 'utf8')));
    },
    submit: (mail, args) => {
      const program = programOf('sendmail');
      return run(program.file, ['-C', directory, '-i', ...args], { input: mail, env: program.env });
    },
    queued: async () =>
      (await listed(...['maildrop', 'incoming', 'active', 'deferred'].map((each) => `queue/${each}`))).length,
    stop: async () => {
      if (child.exitCode === null) {
        child.kill('SIGTERM');
        await exit;
      }
      await rm(directory, { recursive: true, force: true, maxRetries: 10 });
    },
  };
};
