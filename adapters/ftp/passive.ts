/** Data connections as their client: always passive, and only ever to the host of the control connection. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { type Client, FTPError } from 'basic-ftp';
import { codeOf } from '../shared/failing.ts';
import { secureData } from './secure-data.ts';

/** An open data connection. */
export type Data = {
  readonly stream: Duplex;
  /** The other end is the server; nothing may be sent before. */
  readonly ready: Promise<void>;
  /** Did the sender end it, and not a cut? Without TLS nobody can tell. */
  readonly endedWell: () => boolean;
  /** Ends it so that nobody can take what came for the whole. */
  readonly abort: () => void;
};

/** How a server takes data connections; asked once, then remembered. */
export type Passive = 'EPSV' | 'PASV';

/** The port in an answer to EPSV (RFC 2428, section 3). */
export const extendedPort = (answer: string): number | undefined => {
  const port = /\(([!-~])\1\1(\d{1,5})\1\)/.exec(answer)?.[2];
  return port === undefined ? undefined : valid(Number(port));
};

/** The port in an answer to PASV (RFC 959, section 4.2). The address is not looked at: it is often a private one behind NAT. */
export const passivePort = (answer: string): number | undefined => {
  const [, high, low] = /\d{1,3},\d{1,3},\d{1,3},\d{1,3},(\d{1,3}),(\d{1,3})/.exec(answer.slice(3)) ?? [];
  return high === undefined ? undefined : valid(Number(high) * 256 + Number(low));
};

const valid = (port: number): number | undefined => (port > 0 && port < 65_536 ? port : undefined);

/** Asks for a data connection and opens it. `onSocket` is told the socket while it is still being connected. */
export const openData = async (
  client: Client,
  ways: readonly Passive[],
  onSocket: (socket: Socket) => void,
): Promise<{ readonly data: Data; readonly way: Passive }> => {
  const [way = 'PASV', ...others] = ways;
  try {
    const { message } = await client.send(way);
    const port = way === 'EPSV' ? extendedPort(message) : passivePort(message);
    if (port === undefined) throw new Error(`the answer to ${way} names no port`);
    return { data: await dataAt(client, port, onSocket), way };
  } catch (error) {
    if (others.length === 0 || client.closed || (error instanceof FTPError && error.code === 421)) throw error;
    return openData(client, others, onSocket);
  }
};

const dataAt = async (client: Client, port: number, onSocket: (socket: Socket) => void): Promise<Data> => {
  const control = client.ftp.socket;
  const raw = connect({ host: control.remoteAddress ?? '', port, noDelay: true });
  onSocket(raw);
  await once(raw, 'connect').catch((error: unknown) => {
    const code = codeOf(error) ?? 'no answer';
    throw new Error(`no data connection to port ${port} (${code}); look at passive ports in the firewalls between`);
  });
  const tls = control instanceof TLSSocket ? secureData(raw, client.ftp, control) : undefined;
  const stream = tls?.stream ?? raw;
  // Whoever uses the stream hears of its errors by its end.
  stream.on('error', () => undefined);
  return {
    stream,
    ready: tls?.ready ?? Promise.resolve(),
    endedWell: tls?.endedWell ?? (() => true),
    abort: () => {
      stream.destroy();
      if (!raw.destroyed) raw.resetAndDestroy();
    },
  };
};
