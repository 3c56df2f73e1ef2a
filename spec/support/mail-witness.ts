/** Stands between senders of mail and a server, and keeps the names of what the server took: its 250 was on its way. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export type MailWitness = {
  readonly port: number;
  /** Names of mails that the server has answered with 250, each as often as it did. */
  readonly taken: readonly string[];
  readonly close: () => Promise<void>;
};

/** Begins to watch; whoever is answered by nobody is cut off, and the next is served again. */
export const witnessOf = async (port: number): Promise<MailWitness> => {
  const taken: string[] = [];
  const open = new Set<Socket>();
  const server = createServer((sender) => {
    const ours = connect(port, '127.0.0.1');
    const both = [sender, ours];
    let line = '';
    ours.on('data', (bytes: Buffer) => {
      const lines = `${line}${bytes.toString('latin1')}`.split('\r\n');
      line = lines.pop() ?? '';
      for (const each of lines) {
        const [, name] = /^250 .*Taken as (\S+)\.$/.exec(each) ?? [];
        if (name !== undefined) taken.push(name);
      }
      sender.write(bytes);
    });
    sender.on('data', (bytes: Buffer) => ours.write(bytes));
    for (const each of both) {
      open.add(each);
      each.setNoDelay(true);
      each.on('error', () => undefined);
      each.on('close', () => {
        open.delete(each);
        for (const other of both) other.destroySoon();
      });
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    taken,
    close: async () => {
      server.close();
      for (const each of open) each.destroy();
      await once(server, 'close');
    },
  };
};
