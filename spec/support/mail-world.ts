/** Partners' own mail servers of every kind, and channels for them. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eximVersion, startExim } from './exim.ts';
import { type MailSink, postfixVersion, startSmtpSink } from './mail-programs.ts';
import { acmeMailbox, type Mailer, startPostfix } from './postfix.ts';

/** A mail server, and what a channel says to come to it. */
export type RunningMail = Pick<MailKind, 'name'> &
  Pick<MailSink, 'port' | 'mails' | 'stop'> & { readonly settings: Readonly<Record<string, unknown>> };

type MailKind = {
  /** Of the channel. */
  readonly name: string;
  readonly protocol: 'smtp' | 'smtps';
  readonly program: string;
  readonly version: () => string;
  readonly start: () => Promise<Omit<RunningMail, 'name'>>;
};

/** Encrypted, and the certificate is the one that was approved. */
const trusting = ({ trusted }: Mailer) => ({ protocol: 'smtp', trusted });

/** Every way to come to a mail server that we did not write. */
export const mailKinds: readonly MailKind[] = [
  {
    ...{ name: 'sink', protocol: 'smtp', program: 'smtp-sink', version: postfixVersion },
    start: async () => ({ ...(await startSmtpSink()), settings: { protocol: 'smtp', tls: 'none' } }),
  },
  {
    ...{ name: 'postfix', protocol: 'smtp', program: 'postfix', version: postfixVersion },
    start: async () => {
      const server = await startPostfix();
      return { ...server, settings: trusting(server) };
    },
  },
  {
    ...{ name: 'secure-postfix', protocol: 'smtps', program: 'postfix', version: postfixVersion },
    start: async () => {
      const server = await startPostfix();
      const settings = { protocol: 'smtps', verify: 'authority', ca: server.certificate };
      return { ...server, port: server.tlsPort ?? 0, settings };
    },
  },
  {
    ...{ name: 'exim', protocol: 'smtp', program: 'exim', version: eximVersion },
    start: async () => {
      const server = await startExim();
      return { ...server, settings: trusting(server) };
    },
  },
];

/** A channel that mails to a server; the authority that vouches for it is written beside the config. */
export const mailChannelFor = async (
  directory: string,
  { name, port, settings }: RunningMail,
  more: Readonly<Record<string, unknown>> = {},
): Promise<Readonly<Record<string, unknown>>> => {
  const { ca, ...said } = settings;
  const file = join(directory, `${name}.ca`);
  if (typeof ca === 'string') await writeFile(file, ca);
  const whom = { hosts: [`127.0.0.1:${port}`], from: 'us@here.example', to: [acmeMailbox] };
  return { name, partner: { ...said, ...(ca === undefined ? {} : { ca: file }), ...whom, ...more } };
};
