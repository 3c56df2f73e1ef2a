/** Both servers as real processes, in a temporary directory, with real keys and configs. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isLeft } from 'fp-ts/lib/Either.js';
import { stringify } from 'yaml';
import { controlClient } from '../../adapters/control/client.ts';
import { createKeys } from '../../adapters/keys/index.ts';
import { systemClock } from '../../adapters/shared/clock.ts';
import type { Control, Status } from '../../domain/control.ts';
import { freePort } from './free-port.ts';
import { chosenLog, type PairStore, pairStore } from './pair-store.ts';
import { run } from './run.ts';
import { until } from './until.ts';

/** The compiled program. */
export const entry = fileURLToPath(new URL('../../dist/adapters/main.js', import.meta.url));

/** One server of the pair. */
export type Server = {
  readonly config: string;
  readonly data: string;
  readonly control: Control;
  readonly pid: () => number;
  /** Everything that it has printed, over all of its lives. */
  readonly printed: () => string;
  /** Starts it and waits until it serves, at most so long (milliseconds, default 20 s); rejects where it dies before. */
  start(options?: { readonly within?: number; readonly env?: Readonly<Record<string, string>> }): Promise<void>;
  /** How its present or last process ended, once it has: the signal, or the exit code. */
  ended(): Promise<NodeJS.Signals | number>;
  /** SIGTERM, and waits for the orderly end; answers the exit code. */
  stop(): Promise<number | null>;
  /** SIGKILL, and waits for the death. */
  kill(): Promise<void>;
  status(): Promise<Status>;
};

export type Pair = {
  readonly directory: string;
  readonly inner: Server;
  readonly dmz: Server;
  readonly sftpPort: number;
  readonly ftpPort: number;
  /** FTPS, explicit and implicit. */
  readonly ftpsPort: number;
  readonly implicitPort: number;
  readonly httpPort: number;
  readonly httpsPort: number;
  /** SMTP with STARTTLS, and SMTPS. */
  readonly smtpPort: number;
  readonly smtpsPort: number;
  readonly linkPort: number;
  /** Where dmz lets inner fetch. */
  readonly fetchPort: number;
  /** Private key file of the channel `acme`, for OpenSSH. */
  readonly identity: string;
  /** Where results are delivered. */
  readonly out: string;
  /** The event logs of both, where they are on a wire server of the pair's own. */
  readonly store: PairStore | undefined;
  /** Ends all and removes the directory. */
  end(): Promise<void>;
};

export type PairOptions = {
  readonly mode?: 'pushback' | 'direct';
  readonly streamingSize?: string;
  /** How inner fetches what is larger than that; over SFTP unless said otherwise. */
  readonly fetchVia?: 'sftp' | 'ftp' | 'messageService';
  /** Where dmz lets inner fetch. */
  readonly fetchPort?: number;
  /** Where inner looks for it, if not directly there. */
  readonly fetchFrom?: number;
  /** Patterns of names that the one profile takes. */
  readonly takes?: string;
  /** The steps of that profile. */
  readonly steps?: readonly object[];
  /** More settings of the channel `acme`. */
  readonly channel?: Readonly<Record<string, unknown>>;
  /** More channels, and profiles that come before the one that takes what is left. */
  readonly moreChannels?: readonly object[];
  readonly moreProfiles?: readonly object[];
  /** More settings of the servers' configs. */
  readonly inner?: Readonly<Record<string, unknown>>;
  readonly dmz?: Readonly<Record<string, unknown>>;
  /** Where both have their event logs, if that is not to be switched: `embedded`, or the address of a store. */
  readonly eventLog?: string;
  /** Address of the servers; they normally share 127.0.0.1. */
  readonly dmzHost?: string;
  /** How a server's process is started, for instance within a network namespace. */
  readonly wrap?: (role: 'inner' | 'dmz', command: readonly string[]) => readonly string[];
};

/** Password of the channel `acme`. */
export const password = 'open sesame';

/** Its mail address. */
export const mailbox = 'orders@here.example';

/** Makes keys and configs, and starts the store, if they are on one; no server yet. */
export const preparePair = async (options: PairOptions = {}): Promise<Pair> => {
  const directory = await mkdtemp(join(tmpdir(), 'sallyport-'));
  const [sftpPort, ftpPort] = [await freePort(), await freePort()];
  const [ftpsPort, implicitPort] = [await freePort(), await freePort()];
  const [httpPort, httpsPort] = [await freePort(), await freePort()];
  const [smtpPort, smtpsPort] = [await freePort(), await freePort()];
  const [linkPort, innerPort] = [await freePort(), await freePort()];
  const fetchPort = options.fetchPort ?? (await freePort());
  const fetchVia = options.fetchVia ?? 'sftp';
  const host = options.dmzHost ?? '127.0.0.1';
  const keys = join(directory, 'keys');
  const nodes = [
    { role: 'inner', node: 'inner-1', hosts: ['127.0.0.1'] },
    { role: 'dmz', node: 'dmz-1', hosts: [host] },
  ] as const;
  const made = await createKeys({ directory: keys, nodes, clock: systemClock() })();
  if (isLeft(made)) throw new Error(made.left.text);
  const fingerprint = (node: string) => made.right.find((key) => key.node === node)?.fingerprint ?? '';
  const identity = join(directory, 'identity');
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', identity]);
  await writeFile(join(directory, 'acme.password'), `${password}\n`, { mode: 0o600 });
  const out = join(directory, 'out');
  await mkdir(out);
  const direct = options.mode === 'direct';
  const common = (node: string) => ({ ca: 'keys/ca.crt', certificate: `keys/${node}.crt`, key: `keys/${node}.key` });
  const { eventLog = chosenLog() } = options;
  const store = eventLog === 'wire' ? await pairStore(directory, host) : undefined;
  const logged = eventLog === 'embedded' ? {} : { eventLog: store?.url ?? eventLog };
  const streaming = options.streamingSize === undefined ? {} : { streamingSize: options.streamingSize };
  await writeFile(
    join(directory, 'inner.yaml'),
    stringify({
      role: 'inner',
      node: 'inner-1',
      data: 'inner',
      disk: { reserve: '1 MiB' },
      ...logged,
      ...streaming,
      fetchVia,
      messageService: {
        mode: options.mode ?? 'pushback',
        ...common('inner-1'),
        ...(direct ? { host: '127.0.0.1', port: innerPort } : {}),
        peers: [
          {
            node: 'dmz-1',
            fingerprint: fingerprint('dmz-1'),
            host,
            port: linkPort,
            fetch: { port: options.fetchFrom ?? fetchPort },
          },
        ],
      },
      channels: [
        {
          name: 'acme',
          login: 'acme',
          password: { file: 'acme.password' },
          publicKeys: [(await readFile(`${identity}.pub`, 'utf8')).trim()],
          maxSessions: 1000,
          mail: { recipients: [mailbox] },
          ...options.channel,
        },
        ...(options.moreChannels ?? []),
      ],
      profiles: [
        ...(options.moreProfiles ?? []),
        {
          name: 'orders',
          match: { channel: 'acme', ...(options.takes === undefined ? {} : { name: options.takes }) },
          steps: options.steps ?? [],
          responses: [{ kind: 'file', directory: 'out' }],
        },
      ],
      ...options.inner,
    }),
  );
  await writeFile(
    join(directory, 'dmz.yaml'),
    stringify({
      role: 'dmz',
      node: 'dmz-1',
      data: 'dmz',
      disk: { reserve: '1 MiB' },
      ...logged,
      ...streaming,
      messageService: {
        mode: options.mode ?? 'pushback',
        host,
        port: linkPort,
        ...common('dmz-1'),
        peers: [
          {
            node: 'inner-1',
            fingerprint: fingerprint('inner-1'),
            ...(direct ? { host: '127.0.0.1', port: innerPort } : {}),
          },
        ],
      },
      listeners: [
        { protocol: 'sftp', host: '127.0.0.1', port: sftpPort },
        { protocol: 'ftp', host: '127.0.0.1', port: ftpPort },
        { protocol: 'ftps', host: '127.0.0.1', port: ftpsPort },
        { protocol: 'ftps', mode: 'implicit', host: '127.0.0.1', port: implicitPort },
        { protocol: 'http', host: '127.0.0.1', port: httpPort },
        { protocol: 'https', host: '127.0.0.1', port: httpsPort },
        { protocol: 'smtp', host: '127.0.0.1', port: smtpPort },
        { protocol: 'smtps', host: '127.0.0.1', port: smtpsPort },
      ],
      ...(fetchVia === 'messageService' ? {} : { fetch: { [fetchVia]: { host, port: fetchPort } } }),
      limits: { sessionsPerAddress: 1000, newSessionsPerMinute: 10_000, failedLogins: 1000 },
      ...options.dmz,
    }),
  );
  const server = (role: 'inner' | 'dmz') => serverOf(directory, role, options.wrap ?? ((_, command) => command));
  const [inner, dmz] = [server('inner'), server('dmz')];
  await store?.start();
  return {
    directory,
    inner,
    dmz,
    sftpPort,
    ftpPort,
    ftpsPort,
    implicitPort,
    httpPort,
    httpsPort,
    smtpPort,
    smtpsPort,
    linkPort,
    fetchPort,
    identity,
    out,
    store,
    end: async () => {
      await Promise.all([inner.kill(), dmz.kill(), store?.kill()]);
      await rm(directory, { recursive: true, force: true });
    },
  };
};

/** Makes a pair, starts both and waits until the link is up. */
export const startPair = async (options: PairOptions = {}): Promise<Pair> => {
  const pair = await preparePair(options);
  try {
    await Promise.all([pair.inner.start(), pair.dmz.start()]);
    await linked(pair);
  } catch (error) {
    const said = `${pair.inner.printed()}\n${pair.dmz.printed()}`;
    await pair.end();
    throw new Error(`the pair did not come up:\n${said}`, { cause: error });
  }
  return pair;
};

/** Waits until both sides say that the link is up, and dmz knows the channels. */
export const linked = async (pair: Pair): Promise<void> => {
  for (const server of [pair.inner, pair.dmz])
    await until('the link is up', async () => (await server.status()).links.some((link) => link.up));
  await until('the channels are replicated', async () => (await pair.dmz.status()).channels > 0);
};

const serverOf = (
  directory: string,
  role: 'inner' | 'dmz',
  wrap: (role: 'inner' | 'dmz', command: readonly string[]) => readonly string[],
): Server => {
  const config = join(directory, `${role}.yaml`);
  const data = join(directory, role);
  const control = controlClient(data);
  let printed = '';
  let child: ChildProcess | undefined;
  const alive = () => child !== undefined && child.exitCode === null && child.signalCode === null;
  const status = async (): Promise<Status> => {
    const answer = await control.status()();
    if (isLeft(answer)) throw new Error(answer.left.text);
    return answer.right;
  };
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    if (child === undefined || !alive()) return child?.exitCode ?? null;
    const exit = once(child, 'exit');
    child.kill(signal);
    await exit;
    return child.exitCode;
  };
  return {
    config,
    data,
    control,
    pid: () => child?.pid ?? 0,
    printed: () => printed,
    ended: async () => {
      if (child !== undefined && alive()) await once(child, 'exit');
      return child?.signalCode ?? child?.exitCode ?? 0;
    },
    start: async ({ within, env = {} } = {}) => {
      const [command = '', ...args] = wrap(role, [process.execPath, entry, 'serve', '--config', config]);
      const started = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
      child = started;
      for (const stream of [started.stdout, started.stderr])
        stream.setEncoding('utf8').on('data', (text: string) => {
          printed += text;
        });
      await until(
        `${role} serves`,
        async () => {
          if (!alive()) return true;
          return (await status()).state === 'serving';
        },
        within,
      );
      if (!alive()) throw new Error(`${role} died at its start:\n${printed}`);
    },
    stop: () => end('SIGTERM'),
    kill: async () => {
      await end('SIGKILL');
    },
    status,
  };
};
