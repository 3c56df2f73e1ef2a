/** Partners that speak HTTP: a program, and our own hands on the wire. */
import { EventEmitter, once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { onTestFinished } from 'vitest';
import type { Place, ProtocolClient } from '../../contracts/protocol.ts';
import { program, type Ran } from '../../support/program.ts';

/** The scheme of an endpoint. */
export type Scheme = 'http' | 'https';

/** curl, which fails where the status is no success, and tells what the body says. */
export const curl = (args: readonly string[]): Promise<Ran> =>
  program('curl', ['-q', '-sS', '--insecure', '--fail-with-body', ...args]);

/** curl with a login. */
export const curlAs = ({ login, password }: Place, args: readonly string[]): Promise<Ran> =>
  curl(['-u', `${login}:${password}`, ...args]);

/** The URL of a path in the home of the channel that is named as the login is. */
export const urlOf = ({ host, port, login }: Place, path = '', scheme: Scheme = 'http'): string =>
  `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}/c/${login}/${path}`;

/** A login as a header line. */
export const basic = ({ login, password }: Pick<Place, 'login' | 'password'>): string =>
  `Authorization: Basic ${Buffer.from(`${login}:${password}`).toString('base64')}\r\n`;

/** An answer as it came. */
export type Answered = { readonly status: number; readonly head: string; readonly body: string };

/** A connection by hand. */
export type Hand = {
  readonly socket: Socket;
  readonly send: (bytes: string | Buffer) => void;
  /** The next answer; for one without Content-Length what came before the end. */
  readonly answer: () => Promise<Answered>;
  /** Sends and gives the next answer. */
  readonly ask: (text: string) => Promise<Answered>;
  /** Resolves when the server has ended it. */
  readonly ended: Promise<void>;
};

/** Connects, over TLS where that is the scheme. */
export const dial = async ({ host, port }: Pick<Place, 'host' | 'port'>, scheme: Scheme = 'http'): Promise<Hand> => {
  const socket = scheme === 'http' ? connect({ host, port }) : connectTls({ host, port, rejectUnauthorized: false });
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => undefined);
  const ended = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  let text = '';
  const said = new EventEmitter();
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
    said.emit('said');
  });
  await once(socket, scheme === 'http' ? 'connect' : 'secureConnect');
  const answer = async (): Promise<Answered> => {
    for (;;) {
      const end = text.indexOf('\r\n\r\n');
      const head = text.slice(0, Math.max(0, end));
      const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
      if (end >= 0 && text.length >= end + 4 + length) {
        const body = text.slice(end + 4, end + 4 + length);
        text = text.slice(end + 4 + length);
        return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1]), head, body };
      }
      if (socket.destroyed) throw new Error(`the server went away, and had said ${JSON.stringify(text)}`);
      await Promise.race([once(said, 'said'), ended]);
    }
  };
  const send = (bytes: string | Buffer): void => void socket.write(bytes);
  return {
    socket,
    send,
    answer,
    ended,
    ask: (request) => {
      send(request);
      return answer();
    },
  };
};

const outcome = ({ code, text }: Ran): { ok: boolean; text: string } => ({ ok: code === 0, text });

/** curl, as the protocol contract wants it. */
export const curlClient = (place: Place, scheme: Scheme = 'http'): ProtocolClient => ({
  put: async (local, remote) => outcome(await curlAs(place, ['-T', local, urlOf(place, remote, scheme)])),
  get: async (remote, local) => outcome(await curlAs(place, [urlOf(place, remote, scheme), '-o', local])),
  list: async (directory) => outcome(await curlAs(place, [urlOf(place, directory.replace(/^\//, ''), scheme)])),
  putBoth: async (local, first, second) =>
    outcome(await curlAs(place, ['-T', local, urlOf(place, first, scheme), '-T', local, urlOf(place, second, scheme)])),
  cut: async (remote, bytes, sent) => {
    const hand = await dial(place, scheme);
    const head = `PUT /c/${place.login}/${remote} HTTP/1.1\r\nHost: x\r\n${basic(place)}`;
    hand.send(`${head}Content-Length: ${bytes.length + 1}\r\n\r\n`);
    hand.send(bytes);
    await sent();
    hand.socket.destroy();
  },
  stay: async () => {
    const hand = await dial(place, scheme);
    await hand.ask(`GET /c/${place.login}/ HTTP/1.1\r\nHost: x\r\n${basic(place)}\r\n`);
    return { ended: hand.ended, leave: () => hand.socket.end() };
  },
});
