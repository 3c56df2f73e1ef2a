/** The endpoint: accepts connections within its limits and knows those that run. */
import { createServer, type Server, type Socket } from 'node:net';
import ssh2 from 'ssh2';
import type { Listener, ListenerContext } from '../../domain/protocol.ts';
import { bound } from '../shared/bound.ts';
import { plainAddress } from '../shared/plain-address.ts';
import { algorithms } from './algorithms.ts';
import { type ConnectionLimits, serveConnection } from './connection.ts';
import type { HostKey } from './host-keys.ts';

/** The settings of one endpoint; times in milliseconds. */
export type ListenerSettings = ConnectionLimits & {
  readonly host: string;
  readonly port: number;
  readonly banner?: string | undefined;
  readonly maxConnections: number;
};

type Accepted = { readonly socket: Socket; readonly cancel: () => void; done: Promise<void> };

/** Opens the endpoint. Throws where the address cannot be had. */
export const listen = async (
  settings: ListenerSettings,
  keys: readonly HostKey[],
  context: Omit<ListenerContext, 'directory'>,
): Promise<Listener> => {
  const { log, clock } = context;
  const accepted = new Map<string, Accepted>();

  const ssh = new ssh2.Server({
    hostKeys: keys.map((key) => key.pem),
    algorithms,
    ident: 'Sallyport',
    ...(settings.banner === undefined ? {} : { banner: settings.banner }),
  });
  ssh.on('error', (error: Error) => log.warn('ssh server error', { error: error.message }));
  ssh.on('connection', (client, { ip, port }) => {
    const found = accepted.get(peerOf(ip, port));
    if (found === undefined) return void client.end();
    client.once('ready', found.cancel);
    found.done = serveConnection(client, found.socket, plainAddress(ip), settings, context);
  });

  const server = createServer({ noDelay: true }, (socket) => {
    const { remoteAddress, remotePort } = socket;
    if (remoteAddress === undefined || remotePort === undefined || accepted.size >= settings.maxConnections) {
      socket.destroy();
      return;
    }
    const peer = peerOf(remoteAddress, remotePort);
    const entry: Accepted = {
      socket,
      // From the first byte on: ssh2 itself would wait for ever for a client's header.
      cancel: clock.after(settings.loginTimeout, () => socket.destroy()),
      done: Promise.resolve(),
    };
    accepted.set(peer, entry);
    socket.setMaxListeners(32);
    socket.once('close', () => {
      entry.cancel();
      void entry.done.finally(() => accepted.delete(peer));
    });
    ssh.injectSocket(socket);
  });

  const address = await bound(server, settings);
  server.on('error', (error) => log.warn('sftp endpoint error', { error: error.message }));
  log.info('sftp endpoint open', { ...address, hostKeys: keys.map((key) => `${key.type} ${key.fingerprint}`) });
  return { address, close: (graceMs) => close(server, accepted, (run) => clock.after(graceMs, run)) };
};

const peerOf = (address: string, port: number): string => `${address} ${port}`;

const close = async (
  server: Server,
  accepted: ReadonlyMap<string, Accepted>,
  afterGrace: (run: () => void) => () => void,
): Promise<void> => {
  const cancel = afterGrace(() => {
    for (const { socket } of accepted.values()) socket.destroy();
  });
  await new Promise((resolve) => server.close(resolve));
  cancel();
  await Promise.all([...accepted.values()].map((each) => each.done));
};
