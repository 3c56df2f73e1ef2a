/** Partners that speak FTP: a program, and our own hands on the wire. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import type { Place, ProtocolClient } from '../../contracts/protocol.ts';
import { program, type Ran } from '../../support/program.ts';

/** curl with a login; paths are put at the end of the URL as they stand. */
export const curl = (place: Place, args: readonly string[]): Promise<Ran> =>
  program('curl', ['-q', '-sS', '-u', `${place.login}:${place.password}`, ...args]);

/** The URL of a path in the home. */
export const urlOf = ({ host, port }: Place, path = ''): string =>
  `ftp://${host.includes(':') ? `[${host}]` : host}:${port}/${path}`;

/** A control connection by hand. */
export type Hand = {
  readonly socket: Socket;
  /** The next reply, all of its lines. */
  readonly reply: () => Promise<string>;
  /** Says a line and gives the next reply. */
  readonly ask: (line: string) => Promise<string>;
  readonly send: (bytes: string | Buffer) => void;
  /** Resolves when the server has ended it. */
  readonly ended: Promise<void>;
};

/** Connects and takes the greeting. */
export const dial = async ({ host, port }: Pick<Place, 'host' | 'port'>): Promise<Hand> => {
  const socket = connect({ host, port, noDelay: true });
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => undefined);
  const ended = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  let text = '';
  const whole = /^(?:(\d{3})-[\s\S]*?^\1 [^\r]*\r\n|\d{3} [^\r]*\r\n)/m;
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    socket.emit('said');
  });
  const reply = async (): Promise<string> => {
    for (;;) {
      const match = whole.exec(text);
      if (match !== null) {
        text = text.slice(match[0].length);
        return match[0].trimEnd();
      }
      if (socket.destroyed) throw new Error(`the server went away, and had said ${JSON.stringify(text)}`);
      await Promise.race([once(socket, 'said'), ended]);
    }
  };
  const send = (bytes: string | Buffer): void => void socket.write(bytes);
  const hand: Hand = {
    socket,
    reply,
    send,
    ended,
    ask: (line) => {
      send(`${line}\r\n`);
      return reply();
    },
  };
  await reply();
  return hand;
};

/** Connects and logs in. */
export const loggedIn = async (place: Place): Promise<Hand> => {
  const hand = await dial(place);
  await hand.ask(`USER ${place.login}`);
  const answer = await hand.ask(`PASS ${place.password}`);
  if (!answer.startsWith('230')) throw new Error(answer);
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

/** Everything that comes on a data connection. */
export const received = async (socket: Socket): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of socket as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
};

const outcome = ({ code, text }: Ran): { ok: boolean; text: string } => ({ ok: code === 0, text });

/** curl, as the protocol contract wants it. */
export const curlClient = (place: Place): ProtocolClient => ({
  put: async (local, remote) => outcome(await curl(place, ['-T', local, urlOf(place, remote)])),
  get: async (remote, local) => outcome(await curl(place, [urlOf(place, remote), '-o', local])),
  list: async (directory) => outcome(await curl(place, [urlOf(place, directory.replace(/^\//, ''))])),
  putBoth: async (local, first, second) => {
    const hand = await loggedIn(place);
    const replies: string[] = [];
    for (const name of [first, second]) {
      const socket = await data(hand);
      replies.push(await hand.ask(`STOR ${name}`));
      socket.end(local);
      if (replies.at(-1)?.startsWith('150') === true) replies.push(await hand.reply());
    }
    return { ok: replies.at(-1)?.startsWith('226') === true, text: replies.join('\n') };
  },
  cut: async (remote, bytes, sent) => {
    const hand = await loggedIn(place);
    const socket = await data(hand);
    await hand.ask(`STOR ${remote}`);
    socket.write(bytes);
    await sent();
    hand.socket.destroy();
    socket.destroy();
  },
  stay: async () => {
    const hand = await loggedIn(place);
    return { ended: hand.ended, leave: () => hand.send('QUIT\r\n') };
  },
});
