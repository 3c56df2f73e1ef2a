/** Fetching payloads from another of our servers over SFTP: one session a fetch, both ends known by the keys of the link. */
import type { SFTPWrapper } from 'ssh2';
import { type Failure, failing, failureIn, permanent, temporary } from '../../domain/failure.ts';
import type { Clock, PayloadSource } from '../../domain/ports.ts';
import { attempt } from '../shared/attempt.ts';
import { codeOf } from '../shared/failing.ts';
import { faultPoint } from '../shared/fault-point.ts';
import { type Dialled, dial, type Target } from './dial.ts';
import { linkKey, publicKeyOf } from './link-keys.ts';
import { readAhead, type Watched, whileSilent } from './read-ahead.ts';
import { status } from './replies.ts';

/** Who we are, where the others are, and with which certificate (DER) the link knows them. */
export type SftpSourceOptions = {
  readonly node: string;
  /** PEM. */
  readonly key: string;
  readonly placeOf: (node: string) => { readonly host: string; readonly port: number } | undefined;
  readonly certificateOf: (node: string) => Uint8Array | undefined;
  readonly clock: Clock;
};

const dead = 30_000;

/** Makes the source; nothing is opened before something is fetched. `close` breaks running fetches off. */
export const sftpSource = (
  options: SftpSourceOptions,
): { readonly payload: PayloadSource; readonly close: () => Promise<void> } => {
  const { clock } = options;
  const running = new Set<AbortController>();

  const payload: PayloadSource = (node, key, start) =>
    attempt(async () => {
      const ending = new AbortController();
      running.add(ending);
      const end = (failure: Failure): void => {
        running.delete(ending);
        ending.abort(failure);
      };
      const target = targetOf(options, node);
      const late = temporary('timeout', `${target.host}:${target.port} does not answer; look at the firewall between`);
      const cancel = clock.after(dead, () => end(late));
      try {
        faultPoint('fetch.ask.before');
        const session = await dial(target, ending.signal);
        const handle = await Promise.race([openFile(session.sftp, node, key), session.broken]);
        const size = await Promise.race([sizeOf(session.sftp, handle), session.broken]);
        faultPoint('fetch.ask.after');
        return { size, bytes: bytesOf({ session, handle, start, size, clock, end, node }) };
      } catch (error) {
        end(temporary('closed', 'it was given up'));
        throw error;
      } finally {
        cancel();
      }
    }, explain);

  return {
    payload,
    close: () => {
      for (const ending of running) ending.abort(temporary('stopped', 'this server stops'));
      return Promise.resolve();
    },
  };
};

const explain = (error: unknown): Failure =>
  failureIn(error) ?? temporary('linkBroken', error instanceof Error ? error.message : String(error));

const targetOf = ({ node: login, key, placeOf, certificateOf }: SftpSourceOptions, node: string): Target => {
  const place = placeOf(node);
  if (place === undefined) throw failing(permanent('unknownPeer', `${node} is not in messageService.peers`));
  const certificate = certificateOf(node);
  if (certificate === undefined)
    throw failing(temporary('noLink', `there was no link to ${node} yet, which would tell its key`));
  const hostKey = publicKeyOf(certificate);
  if (hostKey === undefined)
    throw failing(permanent('badKey', `the key of ${node} is not ECDSA, which SFTP between the servers needs`));
  return {
    ...place,
    login,
    key: linkKey(key).pem,
    expects: (seen) => seen.equals(hostKey),
    failures: failuresAt(node, `${place.host}:${place.port}`),
  };
};

const failuresAt = (node: string, where: string): Target['failures'] => ({
  unreachable: (error) =>
    temporary(
      'noFetchEndpoint',
      `nothing answers at ${where}, where payloads of ${node} are fetched over SFTP (${codeOf(error) ?? error.message}): ` +
        'set fetch.sftp on dmz, and messageService.peers[].fetch or fetchVia on inner; look at the firewall between',
    ),
  stranger: () =>
    temporary(
      'otherHostKey',
      `the SFTP server at ${where} has another key than ${node}: ` +
        'messageService.peers[].fetch on inner must name the endpoint fetch.sftp of dmz',
    ),
  notAdmitted: () => temporary('notAdmitted', `${node} does not let this server in at ${where}; its log says why`),
  broken: (how) => temporary('linkBroken', `the SFTP connection to ${node} at ${where} broke: ${how}`),
});

const openFile = (sftp: SFTPWrapper, node: string, key: string): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    sftp.open(`/${key}`, 'r', (error, handle) => {
      if (error === undefined) resolve(handle);
      else if ((error as { readonly code?: unknown }).code === status.noSuchFile)
        reject(failing(permanent('notFound', `${node} has no payload ${key}`)));
      else reject(failing(temporary('peerFailed', `${node} does not give payload ${key}: ${error.message}`)));
    });
  });

const sizeOf = (sftp: SFTPWrapper, handle: Buffer): Promise<number> =>
  new Promise((resolve, reject) => {
    sftp.fstat(handle, (error, stats) => {
      if (error === undefined) resolve(stats.size);
      else reject(error);
    });
  });

/** The bytes in order, with requests for more always on their way; ends the session however the reading ends. */
async function* bytesOf(fetching: {
  readonly session: Dialled;
  readonly handle: Buffer;
  readonly start: number;
  readonly size: number;
  readonly clock: Clock;
  readonly end: (failure: Failure) => void;
  readonly node: string;
}): AsyncGenerator<Uint8Array, void, undefined> {
  const { session, handle, size, clock, end, node } = fetching;
  const silent = (): void => end(temporary('linkBroken', `no byte came from ${node} within ${dead / 1000} s`));
  const watched: Watched = async (next) => {
    const stop = whileSilent(session, clock, dead, silent);
    return next.finally(stop);
  };
  try {
    yield* readAhead({ ...session, handle, start: fetching.start, size }, watched);
  } finally {
    end(temporary('closed', 'it was closed'));
  }
}
