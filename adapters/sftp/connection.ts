/** One SSH connection, from its header to its end: one login, one session, a few SFTP channels, nothing else. */
import type { Socket } from 'node:net';
import type { Connection } from 'ssh2';
import type { Session } from '../../domain/intake.ts';
import type { ListenerContext } from '../../domain/protocol.ts';
import { type Channel, serveChannel } from './channel.ts';
import { authentication } from './login.ts';

/** The limits of a connection, in milliseconds and counts. */
export type ConnectionLimits = {
  readonly idleTimeout: number;
  readonly loginTimeout: number;
  readonly maxLoginAttempts: number;
};

const mostChannels = 10;
/** How long a disconnected client may take to read our goodbye. */
const goodbye = 1000;

/** Serves a connection; answers when it has ended and its session is closed. */
export const serveConnection = (
  client: Connection,
  socket: Socket,
  address: string,
  limits: ConnectionLimits,
  { intake, log, clock }: Omit<ListenerContext, 'directory'>,
): Promise<void> => {
  const channels = new Set<Channel>();
  let session: Session | undefined;
  let authenticated = false;
  let closed = false;
  let opened = 0;
  let orderly = false;
  let lastActivity = clock.monotonic();
  let cancelTimer = (): void => {};
  const onActivity = (): void => {
    lastActivity = clock.monotonic();
  };
  const isAuthenticated = (): boolean => authenticated;

  const disconnect = (): void => {
    for (const channel of channels) void channel.stop();
    client.end();
    cancelTimer();
    cancelTimer = clock.after(goodbye, () => socket.destroy());
  };

  const watchIdle = (): void => {
    if ([...channels].some((channel) => channel.busy())) onActivity();
    const left = lastActivity + limits.idleTimeout - clock.monotonic();
    if (left > 0) cancelTimer = clock.after(left, watchIdle);
    else disconnect();
  };

  const admit = (admitted: Session, accept: () => void): void => {
    if (!closed && !isAuthenticated()) {
      session = admitted;
      accept();
      if (isAuthenticated()) return;
      session = undefined;
    }
    // The client left, or went on to another attempt, while this one was being checked.
    void admitted.close();
  };

  const onEnded = (): void => disconnect();

  client.on('error', (error: Error) => {
    log.debug('ssh connection broken', { address, error: error.message });
    socket.destroy();
  });
  client.on(
    'authentication',
    authentication({ intake, address, mostFailures: limits.maxLoginAttempts, admit, giveUp: disconnect }),
  );
  client.on('ready', () => {
    authenticated = true;
    onActivity();
    watchIdle();
    log.info('sftp session started', { login: session?.login, channel: session?.channel, address });
    if (session?.ended.aborted === true) disconnect();
    session?.ended.addEventListener('abort', onEnded, { once: true });
  });
  client.on('rekey', () => {
    onActivity();
    for (const channel of channels) channel.resume();
  });
  client.on('session', (accept, reject) => {
    const serving = session;
    // Sessions that never become SFTP stay in ssh2's table for good, so they count for good.
    if (serving === undefined || serving.ended.aborted || opened >= mostChannels) {
      reject();
      return;
    }
    opened += 1;
    const request = accept();
    request.on('error', () => socket.destroy());
    request.on('sftp', (acceptSftp) => {
      // Nothing comes back for a second subsystem on one channel.
      const sftp = acceptSftp() as ReturnType<typeof acceptSftp> | undefined;
      if (sftp === undefined) return;
      const channel = serveChannel(sftp, { session: serving, socket, clock, log, onActivity });
      channels.add(channel);
      sftp.once('close', () => {
        opened -= 1;
        orderly = channel.orderly();
        void channel.stop().finally(() => channels.delete(channel));
      });
    });
  });

  return new Promise((resolve) => {
    const finish = async (): Promise<void> => {
      closed = true;
      cancelTimer();
      const ending = session;
      if (ending === undefined) return;
      ending.ended.removeEventListener('abort', onEnded);
      if (channels.size > 0) orderly = [...channels].every((channel) => channel.orderly());
      await Promise.all([...channels].map((channel) => channel.stop()));
      await ending.close({ orderly });
      log.info('sftp session ended', { login: ending.login, channel: ending.channel, address });
    };
    socket.once('close', () => {
      finish()
        .catch((error: unknown) => log.error('an sftp session did not end well', { address, error: String(error) }))
        .finally(resolve);
    });
  });
};
