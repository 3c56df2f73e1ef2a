/** The endpoint: accepts connections within its limits and knows those that run. */
import type { Server, Socket } from 'node:net';
import type { Listener, ListenerContext } from '../../domain/protocol.ts';
import { type ConnectionSettings, serveConnection } from './connection.ts';
import { portPool } from './ports.ts';
import { openShell } from './shell.ts';

/** The settings of one endpoint. */
export type ListenerSettings = ConnectionSettings & {
  readonly host: string;
  readonly port: number;
  readonly banner: string | undefined;
  readonly maxConnections: number;
  readonly passivePorts: readonly [number, number];
};

/** Opens the endpoint. Throws where the address cannot be had. */
export const listen = async (settings: ListenerSettings, context: ListenerContext): Promise<Listener> => {
  const { log, clock } = context;
  const pool = portPool(settings.passivePorts);
  const running = new Map<Socket, Promise<void>>();
  let closing = false;

  const server = openShell(settings.banner, (wire) => {
    const { socket } = wire;
    if (running.size >= settings.maxConnections || socket.remoteAddress === undefined) {
      socket.end('421 Too many connections; try again later.\r\n', () => socket.destroy());
      return () => Promise.resolve();
    }
    const { perform, done } = serveConnection(wire, settings, pool, context, () => closing);
    running.set(
      socket,
      done.finally(() => running.delete(socket)),
    );
    return perform;
  });

  await bound(server, settings);
  server.on('error', (error) => log.warn('ftp endpoint error', { error: error.message }));
  const address = addressOf(server);
  log.info('ftp endpoint open', { ...address, passivePorts: settings.passivePorts });
  return {
    address,
    close: async (graceMs) => {
      closing = true;
      const cancel = clock.after(graceMs, () => {
        for (const socket of running.keys()) socket.destroy();
      });
      await new Promise((resolve) => server.close(resolve));
      cancel();
      await Promise.all(running.values());
    },
  };
};

const bound = (server: Server, { host, port }: ListenerSettings): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });

const addressOf = (server: Server): Listener['address'] => {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the endpoint has no address');
  return { host: address.address, port: address.port };
};
