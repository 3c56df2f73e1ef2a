/** A policy service as postfix asks one: whoever brings a mail for the first time is told to come back. */
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

export type Greylist = {
  readonly port: number;
  /** Who was told to come back, as `sender recipient`, each time. */
  readonly sentAway: readonly string[];
  readonly stop: () => Promise<void>;
};

/** Starts it. */
export const startGreylist = async (): Promise<Greylist> => {
  const sentAway: string[] = [];
  const judge = (asked: string): string => {
    const said = new Map(
      asked.split('\n').map((line) => [line.split('=')[0] ?? '', line.slice(line.indexOf('=') + 1)]),
    );
    const whom = `${said.get('sender')} ${said.get('recipient')}`;
    if (sentAway.includes(whom)) return 'dunno';
    sentAway.push(whom);
    return 'defer_if_permit Greylisted, come back later';
  };
  const server = createServer((socket) => {
    let rest = '';
    socket
      .on('error', () => undefined)
      .setEncoding('utf8')
      .on('data', (text: string) => {
        const asked = `${rest}${text}`.split('\n\n');
        rest = asked.pop() ?? '';
        for (const each of asked) socket.write(`action=${judge(each)}\n\n`);
      });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    sentAway,
    stop: async () => {
      server.close();
      await once(server, 'close');
    },
  };
};
