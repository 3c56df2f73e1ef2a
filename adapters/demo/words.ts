/** What the demo prints. */
import { relative } from 'node:path';
import { printable } from '../shared/printable.ts';
import type { FeedLine } from './event-feed.ts';

const colours: Readonly<Record<string, string>> = { inner: '\u001b[36m', dmz: '\u001b[33m' };

/** A server's line in the server's colour, where colour is wanted. */
export const coloured = (server: string, text: string, colour: boolean): string => {
  const start = colours[server];
  return colour && start !== undefined ? `${start}${text}\u001b[0m` : text;
};

/** An event in one line: when (UTC), who recorded it first, what, of which file, and the transfer's id. */
export const eventText = (line: FeedLine): string =>
  [
    new Date(line.at).toISOString().slice(11, 19),
    line.origin.padEnd(5),
    line.label.padEnd(12),
    ...[line.name, line.detail].filter((text) => text !== '').map((text) => printable(text, 200)),
    `(${line.transfer})`,
  ].join('  ');

/** What the user can do now, ready to be copied. */
export const welcome = (options: {
  readonly data: string;
  readonly entry: string;
  readonly sftp: number;
  readonly ftp: number | undefined;
  readonly ftps: number | undefined;
  readonly http: number | undefined;
  readonly https: number | undefined;
  readonly smtp: number | undefined;
  readonly messageService: number;
  readonly fetch: number | undefined;
}): readonly string[] => {
  const { sftp, ftp, ftps, http, https, smtp, messageService, fetch } = options;
  // Whoever kept an older config, or changed it, may have no such endpoint.
  const where = (port: number | undefined, line: (port: number) => string): readonly string[] =>
    port === undefined ? [] : [line(port)];
  const login = 'login demo, password demo';
  const upload = 'curl --insecure --user demo:demo --upload-file README.md';
  const data = shellWord(relative('', options.data) || '.');
  const command = `node ${shellWord(relative('', options.entry))}`;
  return [
    '',
    'Sallyport runs: inner and dmz on this machine, in pushback mode.',
    '',
    `  SFTP             127.0.0.1 port ${sftp}, ${login}`,
    ...where(ftp, (port) => `  FTP              127.0.0.1 port ${port}, ${login}`),
    ...where(ftps, (port) => `  FTPS             127.0.0.1 port ${port} (implicit TLS), ${login}`),
    ...where(http, (port) => `  HTTP             127.0.0.1 port ${port}, ${login}`),
    ...where(https, (port) => `  HTTPS            127.0.0.1 port ${port}, ${login}`),
    ...where(smtp, (port) => `  SMTP             127.0.0.1 port ${port}, to demo@sallyport.example`),
    `  message service  127.0.0.1 port ${messageService}`,
    ...where(
      fetch,
      (port) => `  fetch            127.0.0.1 port ${port}: where inner gets large files, for nobody else`,
    ),
    `  configs          ${data}/inner.yaml and ${data}/dmz.yaml, fit to be copied for real use`,
    `  logs             ${data}/inner.log and ${data}/dmz.log`,
    '',
    'Deliver a file as a partner would; it arrives in the directory out:',
    '',
    `  ${upload} sftp://127.0.0.1:${sftp}/`,
    `  sftp -P ${sftp} demo@127.0.0.1`,
    ...where(ftp, (port) => `  ${upload} ftp://127.0.0.1:${port}/`),
    ...where(ftps, (port) => `  ${upload} ftps://127.0.0.1:${port}/`),
    ...where(http, (port) => `  ${upload} http://127.0.0.1:${port}/c/demo/`),
    ...where(https, (port) => `  ${upload} https://127.0.0.1:${port}/c/demo/`),
    ...where(smtp, (port) => `  swaks --server 127.0.0.1:${port} --to demo@sallyport.example --attach @README.md`),
    `  ls -l ${data}/inner/out/`,
    '',
    'Look at the transfers, and at one of them:',
    '',
    `  ${command} transfers list --data ${data}/inner`,
    `  ${command} transfers show ID --data ${data}/inner`,
    '',
    'Ctrl-C ends both servers; started again, they go on where they were. Each event of each transfer follows:',
    '',
  ];
};

const shellWord = (text: string): string => (/^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
