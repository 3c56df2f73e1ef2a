/** Data connections: one for each transfer, only ever with the address of the control connection. */
import { connect, type Socket } from 'node:net';
import type { Clock } from '../../domain/ports.ts';
import { plainAddress } from '../shared/plain-address.ts';
import type { PortPool } from './ports.ts';

/** A data connection that has been agreed upon. */
export type DataChannel = {
  /** The connection, paused; undefined where there is none in time. */
  readonly connected: () => Promise<Socket | undefined>;
  /** Ends it, and whoever waits for it. */
  readonly close: () => void;
};

/** How long the other side may take to connect, in milliseconds. */
const patience = 30_000;

type Arrival = DataChannel & { readonly arrive: (socket: Socket | undefined) => void };

const arrival = (clock: Clock, onClose: () => void): Arrival => {
  let socket: Socket | undefined;
  let over = false;
  let wake = (): void => undefined;
  const arrived = new Promise<void>((resolve) => {
    wake = resolve;
  });
  const arrive: Arrival['arrive'] = (given) => {
    if (over || socket !== undefined) return void given?.destroy();
    socket = given;
    // Between two reads nobody else listens, and an error without a listener would end the process.
    given?.on('error', () => undefined);
    if (given === undefined) over = true;
    wake();
  };
  return {
    arrive,
    connected: async () => {
      const cancel = clock.after(patience, wake);
      await arrived;
      cancel();
      return over ? undefined : socket;
    },
    close: () => {
      over = true;
      socket?.destroy();
      wake();
      onClose();
    },
  };
};

/** Listens for the client on `host`; undefined where no port is free. A connection from any other address is turned away. */
export const passive = async (
  pool: PortPool,
  host: string,
  peer: string,
  clock: Clock,
): Promise<(DataChannel & { readonly port: number }) | undefined> => {
  const opened = await pool.open(host);
  if (opened === undefined) return undefined;
  const { server, port, close } = opened;
  const channel = arrival(clock, close);
  server.on('connection', (socket) => {
    if (plainAddress(socket.remoteAddress) !== peer) return void socket.destroy();
    channel.arrive(socket);
    close();
  });
  server.on('error', () => channel.close());
  return { connected: channel.connected, close: channel.close, port };
};

/** Connects to the client once the connection is wanted; the caller has checked the address (RFC 2577, section 3). */
export const active = (host: string, port: number, clock: Clock): DataChannel => {
  const channel = arrival(clock, () => undefined);
  return {
    connected: () => {
      const socket = connect({ host, port, noDelay: true });
      socket.once('error', () => channel.arrive(undefined));
      socket.once('connect', () => channel.arrive(socket.pause()));
      return channel.connected().finally(() => {
        if (socket.connecting) socket.destroy();
      });
    },
    close: channel.close,
  };
};
