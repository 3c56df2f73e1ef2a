/** An FTP server that answers as a test says, to show what a hostile or poor one can do. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** What it does: an answer by verb (whole lines without the end), and what it sends over the data connection. */
export type Script = {
  readonly answers: Readonly<Record<string, string>>;
  readonly data?: (socket: Socket) => void;
  /** The six numbers of PASV begin with these. */
  readonly address?: string;
};

/** Starts it for this test; answers its port and the commands that it got. */
export const fakeFtpServer = async ({ answers, data, address = '127,0,0,1' }: Script) => {
  const commands: string[] = [];
  const sockets = new Set<Socket>();
  const listening = async (onSocket: (socket: Socket) => void): Promise<number> => {
    const server = createServer((socket) => {
      sockets.add(socket.on('error', () => undefined));
      onSocket(socket);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => {
      server.close();
      for (const each of sockets) each.destroy();
    });
    return (server.address() as AddressInfo).port;
  };
  const port = await listening((control) => {
    let [rest, transfer] = ['', (_: Socket): void => undefined];
    const say = (line: string): boolean => control.write(`${line}\r\n`);
    const answer = async (line: string): Promise<void> => {
      commands.push(line);
      const [verb = ''] = line.split(' ');
      const own = answers[verb];
      if (own !== undefined) say(own);
      else if (verb === 'USER') say('331 password');
      else if (verb === 'PASS') say('230 in');
      else if (verb === 'PASV') {
        const at = await listening((socket) => transfer(socket));
        say(`227 Entering Passive Mode (${address},${at >> 8},${at & 255})`);
      } else if (['LIST', 'MLSD', 'RETR', 'STOR'].includes(verb)) {
        say('150 here it comes');
        say('226 done');
      } else if (['CWD', 'TYPE'].includes(verb)) say('200 OK');
      else say('500 unknown');
    };
    transfer = (socket) => {
      if (data === undefined) socket.resume().on('end', () => socket.end());
      else data(socket);
    };
    control.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\r\n');
      rest = lines.pop() ?? '';
      for (const line of lines) void answer(line);
    });
    say('220 ready');
  });
  return { port, commands };
};
