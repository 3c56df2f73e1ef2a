/** Partners that speak FTP: a program, and our own hands on the wire. */
import { EventEmitter, once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import { onTestFinished } from 'vitest';
import type { Place, ProtocolClient } from '../../contracts/protocol.ts';
import { program, type Ran } from '../../support/program.ts';

/** How an endpoint is encrypted; absent: not at all. */
export type Tls = 'explicit' | 'implicit';

/** curl with a login; paths are put at the end of the URL as they stand. */
export const curl = (place: Place, args: readonly string[], tls?: Tls): Promise<Ran> => {
  const security = tls === undefined ? [] : ['--insecure', '--ssl-reqd'];
  return program('curl', ['-q', '-sS', '-u', `${place.login}:${place.password}`, ...security, ...args]);
};

/** The URL of a path in the home. */
export const urlOf = ({ host, port }: Place, path = '', tls?: Tls): string =>
  `${tls === 'implicit' ? 'ftps' : 'ftp'}://${host.includes(':') ? `[${host}]` : host}:${port}/${path}`;

/** A control connection by hand. */
export type Hand = {
  readonly socket: Socket;
  /** Begins TLS; resolves after the handshake. */
  readonly encrypt: (options?: ConnectionOptions) => Promise<void>;
  /** The next reply, all of its lines. */
  readonly reply: () => Promise<string>;
  /** Says a line and gives the next reply. */
  readonly ask: (line: string) => Promise<string>;
  readonly send: (bytes: string | Buffer) => void;
  /** Resolves when the server has ended it. */
  readonly ended: Promise<void>;
};

const sessions = new WeakMap<Socket, Buffer | undefined>();

/** Connects and takes the greeting. */
export const dial = async (
  { host, port }: Pick<Place, 'host' | 'port'>,
  tls?: Tls,
  options: ConnectionOptions = {},
): Promise<Hand> => {
  let socket: Socket = connect({ host, port, noDelay: true });
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => undefined);
  const ended = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  let text = '';
  const whole = /^(?:(\d{3})-[\s\S]*?^\1 [^\r]*\r\n|\d{3} [^\r]*\r\n)/m;
  const said = new EventEmitter();
  const listen = (): void => {
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      said.emit('said');
    });
  };
  const encrypt = async (more: ConnectionOptions = {}): Promise<void> => {
    socket.removeAllListeners('data');
    socket = connectTls({ socket, rejectUnauthorized: false, ...more });
    sessions.set(socket, undefined);
    socket.on('session', (session: Buffer) => sessions.set(socket, session));
    listen();
    await once(socket, 'secureConnect');
  };
  const reply = async (): Promise<string> => {
    for (;;) {
      const match = whole.exec(text);
      if (match !== null) {
        text = text.slice(match[0].length);
        return match[0].trimEnd();
      }
      if (socket.destroyed) throw new Error(`the server went away, and had said ${JSON.stringify(text)}`);
      await Promise.race([once(said, 'said'), ended]);
    }
  };
  const send = (bytes: string | Buffer): void => void socket.write(bytes);
  const hand: Hand = {
    get socket() {
      return socket;
    },
    encrypt,
    reply,
    send,
    ended,
    ask: (line) => {
      send(`${line}\r\n`);
      return reply();
    },
  };
  if (tls === 'implicit') await encrypt(options);
  else listen();
  await reply();
  if (tls === 'explicit') {
    await hand.ask('AUTH TLS');
    await encrypt(options);
  }
  return hand;
};

/** Connects and logs in. */
export const loggedIn = async (place: Place, tls?: Tls, options?: ConnectionOptions): Promise<Hand> => {
  const hand = await dial(place, tls, options);
  await hand.ask(`USER ${place.login}`);
  const answer = await hand.ask(`PASS ${place.password}`);
  if (!answer.startsWith('230')) throw new Error(answer);
  if (tls !== undefined) for (const line of ['PBSZ 0', 'PROT P']) await hand.ask(line);
  return hand;
};

/** Opens a data connection by EPSV. */
export const data = async (hand: Hand): Promise<Socket> => {
  const answer = await hand.ask('EPSV');
  const port = Number(/\|\|\|(\d+)\|/.exec(answer)?.[1]);
  const socket = connect({ host: hand.socket.remoteAddress ?? '', port, noDelay: true });
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
};

/** The same, encrypted as the control connection is, whose session it resumes. The handshake goes on by itself. */
export const secureData = async (
  hand: Hand,
  options: ConnectionOptions = {},
): Promise<Socket & { getSession?: TLSSocket['getSession'] }> => {
  const plain = await data(hand);
  if (!sessions.has(hand.socket)) return plain;
  const session = sessions.get(hand.socket);
  const socket = connectTls({
    socket: plain,
    rejectUnauthorized: false,
    ...(session === undefined ? {} : { session }),
    ...options,
  });
  return socket.on('error', () => undefined);
};

/** Everything that comes on a data connection. */
export const received = async (socket: Socket): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of socket as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
};

const outcome = ({ code, text }: Ran): { ok: boolean; text: string } => ({ ok: code === 0, text });

/** curl, as the protocol contract wants it. */
export const curlClient = (place: Place, tls?: Tls): ProtocolClient => ({
  put: async (local, remote) => outcome(await curl(place, ['-T', local, urlOf(place, remote, tls)], tls)),
  get: async (remote, local) => outcome(await curl(place, [urlOf(place, remote, tls), '-o', local], tls)),
  list: async (directory) => outcome(await curl(place, [urlOf(place, directory.replace(/^\//, ''), tls)], tls)),
  putBoth: async (local, first, second) => {
    const hand = await loggedIn(place, tls);
    const replies: string[] = [];
    for (const name of [first, second]) {
      const socket = await secureData(hand);
      replies.push(await hand.ask(`STOR ${name}`));
      socket.end(local);
      if (replies.at(-1)?.startsWith('150') === true) replies.push(await hand.reply());
    }
    return { ok: replies.at(-1)?.startsWith('226') === true, text: replies.join('\n') };
  },
  cut: async (remote, bytes, sent) => {
    const hand = await loggedIn(place, tls);
    const socket = await secureData(hand);
    await hand.ask(`STOR ${remote}`);
    socket.write(bytes);
    await sent();
    hand.socket.destroy();
    socket.destroy();
  },
  stay: async () => {
    const hand = await loggedIn(place, tls);
    return { ended: hand.ended, leave: () => hand.send('QUIT\r\n') };
  },
});
