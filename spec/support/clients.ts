/** Partners' programs, as a person would call them. */
import { type Ran, run } from './run.ts';
import { type Pair, password } from './servers.ts';

/** No questions about host keys. */
export const sshOptions = [
  '-o',
  'StrictHostKeyChecking=no',
  '-o',
  'UserKnownHostsFile=/dev/null',
  '-o',
  'LogLevel=ERROR',
];

/** The same for lftp: a port that was another server's before has another key. */
export const lftpCareless = `set sftp:connect-program "ssh -a -x ${sshOptions.join(' ')}"`;

/** OpenSSH sftp with the channel's key; one command a line. */
export const openSsh = (pair: Pair, commands: readonly string[], within?: number): Promise<Ran> => {
  const login = ['-i', pair.identity, '-o', 'IdentitiesOnly=yes', '-P', String(pair.sftpPort), 'acme@127.0.0.1'];
  const options = within === undefined ? {} : { within };
  return run('sftp', ['-b', '-', ...sshOptions, ...login], { input: `${commands.join('\n')}\n`, ...options });
};

/** curl with the channel's password; puts a local file at a path. */
export const curlPut = (pair: Pair, file: string, path: string): Promise<Ran> =>
  run('curl', ['-sS', '-k', '-u', `acme:${password}`, '-T', file, `sftp://127.0.0.1:${pair.sftpPort}${path}`]);

/** curl with the channel's password, over FTP. */
export const curlFtp = (pair: Pair, path: string, ...args: readonly string[]): Promise<Ran> =>
  run('curl', ['-q', '-sS', '-u', `acme:${password}`, ...args, `ftp://127.0.0.1:${pair.ftpPort}${path}`]);

/** lftp with the channel's password; one script. */
export const lftp = (pair: Pair, script: string, within?: number): Promise<Ran> =>
  runLftp(`sftp://127.0.0.1:${pair.sftpPort}`, `${lftpCareless}; ${script}`, within);

/** lftp with the channel's password, over FTP; its standard error holds the dialogue. */
export const lftpFtp = (pair: Pair, script: string, within?: number): Promise<Ran> =>
  runLftp(`ftp://127.0.0.1:${pair.ftpPort}`, `debug 5; ${script}`, within);

const runLftp = (url: string, script: string, within: number | undefined): Promise<Ran> => {
  const settings = 'set net:max-retries 2; set net:reconnect-interval-base 1';
  return run(
    'lftp',
    ['-u', `acme,${password}`, '-e', `${settings}; ${script}; bye`, url],
    within === undefined ? {} : { within },
  );
};
