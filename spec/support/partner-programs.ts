/** Programs with which partners deliver and pick up, over every protocol of ours. */
import { openSsh } from './clients.ts';
import { run } from './run.ts';
import { type Pair, password } from './servers.ts';

/** A program over a protocol; both calls reject where it did not say that all went well. */
export type PartnerProgram = {
  readonly protocol: 'ftp' | 'ftps-explicit' | 'ftps-implicit' | 'http' | 'https' | 'sftp';
  readonly program: string;
  readonly put: (pair: Pair, file: string, name: string) => Promise<void>;
  readonly get: (pair: Pair, path: string, file: string) => Promise<void>;
};

/** Where the home of the partner begins; nowhere else than at the top where that is not said. */
type Door = { readonly scheme: string; readonly port: (pair: Pair) => number; readonly home?: string };

const doors: Readonly<Record<PartnerProgram['protocol'], Door>> = {
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

const curl = (protocol: PartnerProgram['protocol']): PartnerProgram => {
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

const lftp = (protocol: PartnerProgram['protocol']): PartnerProgram => {
  const { scheme, port } = doors[protocol];
  const settings = [
    'set net:max-retries 2',
    'set sftp:auto-confirm yes',
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

/** Each of them over each protocol that it speaks. */
export const partnerPrograms: readonly PartnerProgram[] = [
  ...(['ftp', 'ftps-explicit', 'ftps-implicit', 'sftp'] as const).flatMap((protocol) => [
    curl(protocol),
    lftp(protocol),
  ]),
  curl('http'),
  curl('https'),
  openSshSftp,
];

const commands: Readonly<Record<string, readonly [string, ...(readonly string[])]>> = {
  curl: ['curl', '--version'],
  lftp: ['lftp', '--version'],
  OpenSSH: ['ssh', '-V'],
};

/** The version that a program says it is, `?` where it says none. */
export const versionOf = async (program: string): Promise<string> => {
  const [command, ...args] = commands[program] ?? ['true'];
  const { out, err } = await run(command, args);
  return /\d+\.\d[\w.]*/.exec(`${out}${err}`)?.[0] ?? '?';
};
