/** Programs with which partners deliver and pick up, over every protocol of ours. */
import { readFile } from 'node:fs/promises';
import { posix } from 'node:path';
import { browsing } from './browser.ts';
import { lftpCareless, openSsh } from './clients.ts';
import { eximVersion, startExim } from './exim.ts';
import { postfixVersion } from './mail-programs.ts';
import { type Mailer, startPostfix } from './postfix.ts';
import { run } from './run.ts';
import { mailbox, type Pair, password } from './servers.ts';
import { until } from './until.ts';

/** A program over a protocol; both calls reject where it did not say that all went well. */
export type PartnerProgram = {
  readonly protocol: 'ftp' | 'ftps-explicit' | 'ftps-implicit' | 'http' | 'https' | 'sftp' | 'smtp' | 'smtps';
  readonly program: string;
  readonly put: (pair: Pair, file: string, name: string) => Promise<void>;
  /** Absent where the protocol can only send. */
  readonly get?: (pair: Pair, path: string, file: string) => Promise<void>;
  /** The name under which a file arrives, and what of it was in the file; absent: its own, and all. */
  readonly wrapped?: { readonly name: (name: string) => string; readonly unwrap: (arrived: string) => string };
};

type FileProtocol = Exclude<PartnerProgram['protocol'], 'smtp' | 'smtps'>;
/** Where the home of the partner begins; nowhere else than at the top where that is not said. */
type Door = { readonly scheme: string; readonly port: (pair: Pair) => number; readonly home?: string };

const doors: Readonly<Record<FileProtocol, Door>> = {
  ftp: { scheme: 'ftp', port: (pair) => pair.ftpPort },
  'ftps-explicit': { scheme: 'ftp', port: (pair) => pair.ftpsPort },
  'ftps-implicit': { scheme: 'ftps', port: (pair) => pair.implicitPort },
  http: { scheme: 'http', port: (pair) => pair.httpPort, home: '/c/acme' },
  https: { scheme: 'https', port: (pair) => pair.httpsPort, home: '/c/acme' },
  sftp: { scheme: 'sftp', port: (pair) => pair.sftpPort },
};

const well = async (running: ReturnType<typeof run>): Promise<void> => {
  const ran = await running;
  if (ran.code !== 0) throw new Error(`exit code ${ran.code}: ${ran.err}${ran.out}`);
};

const curl = (protocol: FileProtocol): PartnerProgram => {
  const { scheme, port, home = '' } = doors[protocol];
  const call = (pair: Pair, path: string, ...args: readonly string[]) => {
    const secured = protocol === 'ftps-explicit' ? ['--ssl-reqd'] : [];
    const url = `${scheme}://127.0.0.1:${port(pair)}${home}${path}`;
    return well(run('curl', ['-q', '-sS', '-k', '--fail', ...secured, '-u', `acme:${password}`, ...args, url]));
  };
  return {
    ...{ protocol, program: 'curl' },
    put: (pair, file, name) => call(pair, `/${name}`, '-T', file),
    get: (pair, path, file) => call(pair, path, '-o', file),
  };
};

const lftp = (protocol: FileProtocol): PartnerProgram => {
  const { scheme, port } = doors[protocol];
  const settings = [
    'set net:max-retries 2',
    lftpCareless,
    'set ssl:verify-certificate no',
    `set ftp:ssl-force ${protocol === 'ftps-explicit'}`,
    'set ftp:ssl-protect-data yes',
    'set cmd:fail-exit yes',
  ];
  const call = (pair: Pair, command: string) => {
    const url = `${scheme}://127.0.0.1:${port(pair)}`;
    return well(run('lftp', ['-u', `acme,${password}`, '-e', [...settings, command, 'bye'].join('; '), url]));
  };
  return {
    ...{ protocol, program: 'lftp' },
    put: (pair, file, name) => call(pair, `put ${file} -o ${name}`),
    // Where it leaves at once it may leave without closing the file, which is no pick-up.
    get: (pair, path, file) => call(pair, `get ${path} -o ${file}; cls`),
  };
};

const openSshSftp: PartnerProgram = {
  ...{ protocol: 'sftp', program: 'OpenSSH' },
  put: (pair, file, name) => well(openSsh(pair, [`put ${file} ${name}`])),
  get: (pair, path, file) => well(openSsh(pair, [`get ${path} ${file}`])),
};

const chromium = (protocol: 'http' | 'https'): PartnerProgram => {
  const { scheme, port } = doors[protocol];
  const page = <A>(pair: Pair, path: string, act: Parameters<typeof browsing<A>>[1]): Promise<A> =>
    browsing({ username: 'acme', password }, async (opened, context) => {
      await opened.goto(`${scheme}://127.0.0.1:${port(pair)}/c/acme${path}`);
      return act(opened, context);
    });
  return {
    ...{ protocol, program: 'Chromium' },
    put: async (pair, file, name) => {
      const buffer = await readFile(file);
      await page(pair, '/', async (opened) => {
        await opened.getByLabel('Files').setInputFiles({ name, buffer, mimeType: 'text/xml' });
        await opened.getByRole('button', { name: 'Deliver' }).click();
        await opened.getByRole('heading', { name: 'Delivered' }).waitFor();
      });
    },
    get: (pair, path, file) =>
      page(pair, posix.join(posix.dirname(path), '/'), async (opened) => {
        const [download] = await Promise.all([
          opened.waitForEvent('download'),
          opened.getByRole('link', { name: posix.basename(path) }).click(),
        ]);
        await download.saveAs(file);
        await opened.getByRole('link', { name: 'One directory up' }).click();
        await opened.getByRole('table').waitFor();
      }),
  };
};

/** The text of a mail stands behind its header; its own name is its Message-ID. */
const mailed: PartnerProgram['wrapped'] = {
  name: (name) => `${name}@acme.example.eml`,
  unwrap: (arrived) => arrived.slice(arrived.indexOf('\r\n\r\n') + 4).trim(),
};

const swaks = (protocol: 'smtp' | 'smtps'): PartnerProgram => ({
  ...{ protocol, program: 'swaks', wrapped: mailed },
  put: async (pair, file, name) => {
    const [port, tls] = protocol === 'smtp' ? [pair.smtpPort, '--tls'] : [pair.smtpsPort, '--tls-on-connect'];
    const login = ['--auth', 'LOGIN', '--auth-user', 'acme', '--auth-password', password];
    const whom = ['--from', 'edi@acme.example', '--to', mailbox, '--h-Message-Id', `<${name}@acme.example>`];
    const body = ['--body', `@${file}`];
    return well(run('swaks', ['--server', '127.0.0.1', '--port', String(port), tls, ...login, ...whom, ...body]));
  },
});

/** A mailbox that takes mail without a login, as other mail servers bring it, and the channel that has it. */
const openMailbox = 'relayed@here.example';
export const openChannel = { name: 'relayed', mail: { recipients: [openMailbox], senders: ['*@acme.example'] } };

/** A mail server with a queue, which is given a mail and started for it alone; its queue is empty once we have the mail. */
const queueing = (
  program: string,
  start: (routes: Readonly<Record<string, number>>) => Promise<Mailer>,
): PartnerProgram => ({
  ...{ protocol: 'smtp', program, wrapped: mailed },
  put: async (pair, file, name) => {
    const server = await start({ 'here.example': pair.smtpPort });
    const header = ['From: edi@acme.example', `To: ${openMailbox}`, `Message-ID: <${name}@acme.example>`];
    const mail = [...header, '', await readFile(file, 'utf8'), ''].join('\n');
    try {
      await well(server.submit(mail, ['-f', 'edi@acme.example', openMailbox]));
      await until(`the queue of ${program} is empty`, async () => (await server.queued()) === 0);
      const refused = /^.*(status=(?!sent)|\*\* ).*$/m.exec(server.printed());
      if (refused !== null) throw new Error(refused[0]);
    } finally {
      await server.stop();
    }
  },
});

/** Each of them over each protocol that it speaks. */
export const partnerPrograms: readonly PartnerProgram[] = [
  ...(['ftp', 'ftps-explicit', 'ftps-implicit', 'sftp'] as const).flatMap((protocol) => [
    curl(protocol),
    lftp(protocol),
  ]),
  curl('http'),
  curl('https'),
  chromium('http'),
  chromium('https'),
  openSshSftp,
  swaks('smtp'),
  swaks('smtps'),
  queueing('postfix', (routes) => startPostfix({ routes })),
  queueing('exim', startExim),
];

const commands: Readonly<Record<string, readonly [string, ...(readonly string[])]>> = {
  Chromium: ['chromium', '--version'],
  curl: ['curl', '--version'],
  lftp: ['lftp', '--version'],
  OpenSSH: ['ssh', '-V'],
  swaks: ['swaks', '--version'],
};

/** The version that a program says it is, `?` where it says none. */
export const versionOf = async (program: string): Promise<string> => {
  const unpacked = { postfix: postfixVersion, exim: eximVersion }[program];
  if (unpacked !== undefined) return unpacked();
  const [command, ...args] = commands[program] ?? ['true'];
  const { out, err } = await run(command, args);
  return /\d+\.\d[\w.]*/.exec(`${out}${err}`)?.[0] ?? '?';
};
