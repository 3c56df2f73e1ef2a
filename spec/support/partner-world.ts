/** Partners' own servers of every kind, and channels for them. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type PartnerServer, startNginx, startProftpd, startSshd, startVsftpd } from './partner-servers.ts';

/** A protocol as a partner offers it, and the program that does. */
export type PartnerKind = {
  readonly name: string;
  readonly program: string;
  readonly start: () => Promise<PartnerServer>;
  readonly settings: Readonly<Record<string, unknown>>;
  /** Files are sent there, and none can be fetched. */
  readonly sendsOnly?: true;
};

/** Every protocol with a server that we did not write. */
export const partnerKinds: readonly PartnerKind[] = [
  { name: 'ftp', program: 'vsftpd', start: () => startVsftpd(), settings: { protocol: 'ftp' } },
  {
    name: 'ftps-explicit',
    program: 'proftpd',
    start: () => startProftpd({ tls: 'explicit' }),
    // Its certificate vouches for itself: the authority is in a file.
    settings: { protocol: 'ftps', mode: 'explicit', verify: 'authority' },
  },
  {
    name: 'ftps-implicit',
    program: 'vsftpd',
    start: () => startVsftpd({ tls: 'implicit' }),
    settings: { protocol: 'ftps', mode: 'implicit' },
  },
  { name: 'http', program: 'nginx', start: () => startNginx(), settings: { protocol: 'http' }, sendsOnly: true },
  {
    name: 'https',
    program: 'nginx',
    start: () => startNginx({ tls: true }),
    settings: { protocol: 'https' },
    sendsOnly: true,
  },
  { name: 'sftp', program: 'sshd', start: startSshd, settings: { protocol: 'sftp' } },
];

/** A running partner with its directories `in`, `out` and `done`. */
export type RunningPartner = PartnerKind & {
  readonly server: PartnerServer;
  /** A path on this machine's disk. */
  readonly at: (path: string) => string;
  /** Puts a file into `out`, for us to fetch. */
  readonly offer: (name: string, content: string) => Promise<void>;
};

/** Starts a partner's server. */
export const startPartner = async (kind: PartnerKind): Promise<RunningPartner> => {
  const server = await kind.start();
  const at = (path: string): string => join(server.disk, path);
  for (const name of ['in', 'out', 'done']) {
    await mkdir(at(name));
    await server.own(at(name));
  }
  return {
    ...kind,
    server,
    at,
    offer: async (name, content) => {
      await writeFile(at(join('out', name)), content);
      await server.own(at(join('out', name)));
    },
  };
};

/** The directory of a partner as its clients call it. */
export const remote = ({ server }: RunningPartner, name: string): string => join(server.root, name);

/** A channel for a partner's own server; its secrets are written beside the config. */
export const channelFor = async (
  directory: string,
  partner: RunningPartner,
  more: Readonly<Record<string, unknown>> = {},
): Promise<Readonly<Record<string, unknown>>> => {
  const { login, credentials, port, certificate } = partner.server;
  const byAuthority = partner.settings.verify === 'authority';
  const ca = join(directory, `${partner.name}.ca`);
  if (byAuthority) await writeFile(ca, certificate);
  const trust = byAuthority ? { ca } : { trusted: partner.server.trusted };
  const secrets: Record<string, unknown> = {};
  for (const [what, value] of Object.entries(credentials)) {
    const file = join(directory, `${partner.name}.${what}`);
    await writeFile(file, value ?? '', { mode: 0o600 });
    secrets[what] = { file };
  }
  const hosts = [`127.0.0.1:${port}`];
  return { name: partner.name, partner: { ...partner.settings, hosts, login, ...trust, ...secrets, ...more } };
};
