/** Opening an SFTP session at another of our servers: its host key is known here, and our key there. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import ssh2, { type Client, type SFTPWrapper } from 'ssh2';
import { type Failure, temporary } from '../../domain/failure.ts';
import { codeOf, failing } from '../shared/failing.ts';
import { algorithms } from './algorithms.ts';

/** Where, as whom, and who must be there. */
export type Target = {
  readonly node: string;
  readonly host: string;
  readonly port: number;
  readonly login: string;
  /** Our private key as ssh2 reads it. */
  readonly key: string;
  readonly hostKey: Buffer;
};

/** An open session; `broken` rejects with the failure that ended it. */
export type Dialled = { readonly socket: Socket; readonly sftp: SFTPWrapper; readonly broken: Promise<never> };

/** Opens a session that lasts until the signal aborts; the signal's reason is then the failure of all that waits for it. */
export const dial = async (target: Target, signal: AbortSignal): Promise<Dialled> => {
  const { node, host, port } = target;
  const socket = connect({ host, port, noDelay: true });
  const client = new ssh2.Client();
  let stranger = false;
  let reject: (error: Error) => void = () => undefined;
  const broken = new Promise<never>((_, no) => {
    reject = no;
  });
  broken.catch(() => undefined);
  const end = (failure: Failure): void => {
    socket.destroy();
    reject(failing(failure));
  };
  const onAbort = (): void => end(signal.reason as Failure);
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  socket.on('error', (error) => end(unreachable(target, codeOf(error) ?? error.message)));
  socket.once('close', () => {
    signal.removeEventListener('abort', onAbort);
    end(temporary('linkBroken', `the SFTP connection to ${node} at ${host}:${port} was cut`));
  });
  client.on('error', (error: Error & { readonly level?: string }) => {
    if (stranger) end(otherHostKey(target));
    else if (error.level === 'client-authentication') end(notAdmitted(target));
    else end(temporary('linkBroken', `the SFTP connection to ${node} at ${host}:${port} broke: ${error.message}`));
  });
  await Promise.race([once(socket, 'connect'), broken]);
  const ready = once(client, 'ready');
  ready.catch(() => undefined);
  client.connect({
    sock: socket,
    username: target.login,
    privateKey: target.key,
    algorithms,
    // The caller's deadline holds for all of it.
    readyTimeout: 0,
    hostVerifier: (key: Buffer) => {
      stranger = !key.equals(target.hostKey);
      return !stranger;
    },
  });
  await Promise.race([ready, broken]);
  return { socket, sftp: await Promise.race([openSftp(client), broken]), broken };
};

const openSftp = (client: Client): Promise<SFTPWrapper> =>
  new Promise((resolve, reject) => {
    client.sftp((error, sftp) => {
      if (error === undefined) resolve(sftp);
      else reject(failing(temporary('linkBroken', `no SFTP session was to be had: ${error.message}`)));
    });
  });

const unreachable = ({ node, host, port }: Target, code: string): Failure =>
  temporary(
    'noFetchEndpoint',
    `nothing answers at ${host}:${port}, where payloads of ${node} are fetched over SFTP (${code}): ` +
      'set fetch.sftp on dmz, and messageService.peers[].fetch or fetchVia on inner; look at the firewall between',
  );

const otherHostKey = ({ node, host, port }: Target): Failure =>
  temporary(
    'otherHostKey',
    `the SFTP server at ${host}:${port} has another key than ${node}: ` +
      'messageService.peers[].fetch on inner must name the endpoint fetch.sftp of dmz',
  );

const notAdmitted = ({ node, host, port }: Target): Failure =>
  temporary('notAdmitted', `${node} does not let this server in at ${host}:${port}; its log says why`);
