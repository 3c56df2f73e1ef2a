/** The endpoint: accepts connections within its limits and knows those that run. */
import { createServer, type Socket } from 'node:net';
import type { Listener, ListenerContext } from '../../domain/protocol.ts';
import { bound } from '../shared/bound.ts';
import { type ConnectionSettings, serveConnection } from './connection.ts';
import { portPool } from './ports.ts';
import { openShell } from './shell.ts';
import type { ConnectionTls, EndpointTls } from './tls.ts';

/** The settings of one endpoint. */
export type ListenerSettings = ConnectionSettings & {
  readonly host: string;
  readonly port: number;
  readonly banner: string | undefined;
  readonly maxConnections: number;
  readonly passivePorts: readonly [number, number];
};

/** Opens the endpoint. Throws where the address cannot be had. */
export const listen = async (
  settings: ListenerSettings,
  context: ListenerContext,
  tls: EndpointTls | undefined,
): Promise<Listener> => {
  const { log, clock } = context;
  const { protocol, maxConnections } = settings;
  const pool = portPool(settings.passivePorts);
  const running = new Map<Socket, Promise<void>>();
  const handshaking = new Set<Socket>();
  const encrypted = new WeakMap<Socket, ConnectionTls>();
  let closing = false;
  const isFull = (): boolean => running.size + handshaking.size >= maxConnections;

  const shell = openShell(settings.banner, (wire) => {
    const { socket } = wire;
    if (isFull() || socket.remoteAddress === undefined) {
      socket.end('421 Too many connections; try again later.\r\n', () => socket.destroy());
      return () => Promise.resolve();
    }
    const own = encrypted.get(socket) ?? tls?.connection();
    const { perform, done } = serveConnection(wire, settings, pool, context, () => closing, own);
    running.set(
      socket,
      done.finally(() => running.delete(socket)),
    );
    return perform;
  });

  /** TLS first, and only then the greeting. */
  const accept = (plain: Socket): void => {
    const own = tls?.connection();
    if (isFull() || own === undefined) return void plain.destroy();
    handshaking.add(plain);
    const cancel = clock.after(settings.loginTimeout, () => plain.destroy());
    plain.on('error', () => undefined);
    plain.once('close', () => {
      handshaking.delete(plain);
      cancel();
    });
    const socket = own.control(plain);
    socket.once('secure', () => {
      handshaking.delete(plain);
      cancel();
      encrypted.set(socket, own);
      shell.emit('connection', socket);
    });
  };

  const server = tls?.mode === 'implicit' ? createServer({ pauseOnConnect: true }, accept) : shell;
  const address = await bound(server, settings);
  server.on('error', (error) => log.warn(`${protocol} endpoint error`, { error: error.message }));
  log.info(`${protocol} endpoint open`, { ...address, passivePorts: settings.passivePorts, ...tls?.described });
  return {
    address,
    close: async (graceMs) => {
      closing = true;
      for (const socket of handshaking) socket.destroy();
      const cancel = clock.after(graceMs, () => {
        for (const socket of running.keys()) socket.destroy();
      });
      await new Promise((resolve) => server.close(resolve));
      cancel();
      await Promise.all(running.values());
    },
  };
};
