/** Opening an SFTP session as a client: who is there is looked at before anything of ours is said. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import ssh2, { type Client, type SFTPWrapper } from 'ssh2';
import { type Failure, failing } from '../../domain/failure.ts';
import { algorithms } from './algorithms.ts';

/** Where, as whom, who must be there, and what each way to fail means to the caller. */
export type Target = {
  readonly host: string;
  readonly port: number;
  readonly login: string;
  /** Our private key as ssh2 reads it. */
  readonly key?: string | undefined;
  readonly password?: string | undefined;
  /** May the owner of this host key be the server? */
  readonly expects: (hostKey: Buffer) => boolean;
  /** Told when the socket is connected, and when the server is known. */
  readonly onConnected?: () => void;
  readonly onKnown?: () => void;
  readonly failures: {
    readonly unreachable: (error: Error) => Failure;
    readonly stranger: () => Failure;
    readonly notAdmitted: () => Failure;
    /** The two sides know no algorithms that both accept. */
    readonly handshake?: (how: string) => Failure;
    readonly broken: (how: string) => Failure;
  };
};

/** An open session; `broken` rejects with the failure that ended it. */
export type Dialled = { readonly socket: Socket; readonly sftp: SFTPWrapper; readonly broken: Promise<never> };

/** Opens a session that lasts until the signal aborts; the signal's reason is then the failure of all that waits for it. */
export const dial = async (target: Target, signal: AbortSignal): Promise<Dialled> => {
  const { host, port, failures } = target;
  const socket = connect({ host, port, noDelay: true });
  const client = new ssh2.Client();
  let [connected, stranger] = [false, false];
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
  socket.on('error', (error) => end(connected ? failures.broken(error.message) : failures.unreachable(error)));
  socket.once('close', () => {
    signal.removeEventListener('abort', onAbort);
    end(failures.broken('it was cut'));
  });
  client.on('error', (error: Error & { readonly level?: string }) => {
    if (stranger) end(failures.stranger());
    else if (error.level === 'client-authentication') end(failures.notAdmitted());
    else if (error.level === 'handshake' && failures.handshake !== undefined) end(failures.handshake(error.message));
    else end(failures.broken(error.message));
  });
  await Promise.race([once(socket, 'connect'), broken]);
  connected = true;
  target.onConnected?.();
  const ready = once(client, 'ready');
  ready.catch(() => undefined);
  const { password } = target;
  // Many servers ask for the password in a dialogue only (RFC 4256); a second question is not for us.
  client.on('keyboard-interactive', (_name, _text, _language, prompts, answer) =>
    answer(prompts.length === 1 && password !== undefined ? [password] : []),
  );
  client.on('change password', () => end(failures.notAdmitted()));
  client.connect({
    sock: socket,
    username: target.login,
    ...(target.key === undefined ? {} : { privateKey: target.key }),
    ...(password === undefined ? {} : { password, tryKeyboard: true }),
    algorithms,
    // The caller's deadline holds for all of it.
    readyTimeout: 0,
    hostVerifier: (key: Buffer) => {
      stranger = !target.expects(key);
      if (!stranger) target.onKnown?.();
      return !stranger;
    },
  });
  await Promise.race([ready, broken]);
  const sftp = await Promise.race([openSftp(client, failures.broken), broken]);
  sftp.on('error', (error: Error) => end(failures.broken(error.message)));
  sftp.once('close', () => end(failures.broken('the server ended the session')));
  return { socket, sftp, broken };
};

const openSftp = (client: Client, broken: (how: string) => Failure): Promise<SFTPWrapper> =>
  new Promise((resolve, reject) => {
    client.sftp((error, sftp) => {
      if (error === undefined) resolve(sftp);
      else reject(failing(broken(`no SFTP session was to be had: ${error.message}`)));
    });
  });
