/** A partner's FTP client as a library gives it, with the channel's password. */
import { Readable } from 'node:stream';
import { Client } from 'basic-ftp';
import { type Pair, password } from '../support/servers.ts';
import type { Sender, Way } from './lanes.ts';
import type { Sent } from './ledger.ts';

/** A server that says nothing for so long is taken to be gone. */
const silence = 30_000;

type Connect = () => Promise<Client>;
type Send = (client: Client, file: Sent, connect: Connect) => Promise<Client>;

const put = (client: Client, bytes: Buffer, name: string) => client.uploadFrom(Readable.from([bytes]), name);

const plain: Send = async (client, { name, bytes }) => {
  await put(client, bytes, name);
  return client;
};

const renamed: Send = async (client, { name, bytes }) => {
  await put(client, bytes, `${name}.part`);
  await client.rename(`${name}.part`, name);
  return client;
};

const removed: Send = async (client, file, connect) => {
  await plain(client, file, connect);
  await client.remove(file.name).catch(() => undefined);
  return client;
};

/** Half of it, and then the client is gone. */
const cutInTheMiddle = async (client: Client, { name, bytes }: Sent): Promise<void> => {
  async function* half(): AsyncGenerator<Buffer> {
    yield bytes.subarray(0, Math.ceil(bytes.length / 2));
    await new Promise<never>(() => undefined);
  }
  const sent = new Promise<void>((resolve) => {
    client.trackProgress((progress) => {
      if (progress.bytes >= Math.floor(bytes.length / 2)) resolve();
    });
  });
  const upload = client.uploadFrom(Readable.from(half()), name).then(() => undefined);
  await Promise.race([sent, upload]);
  // As when its program is killed: without a word, and the data may end first, which alone looks like the end of a whole file.
  client.ftp.dataSocket?.destroy();
  client.ftp.socket.destroy();
  client.close();
  await upload.catch(() => undefined);
};

const cut: Send = async (client, file, connect) => {
  await cutInTheMiddle(client, file);
  return plain(await connect(), file, connect);
};

const resumed: Send = async (client, file, connect) => {
  await cutInTheMiddle(client, file);
  const again = await connect();
  const there = await again.size(file.name).catch(() => 0);
  if (there === 0 || there >= file.bytes.length) return plain(again, file, connect);
  await again.appendFrom(Readable.from([file.bytes.subarray(there)]), file.name);
  return again;
};

/** What is there in FTP; a hole in the middle is not. */
const ways: Readonly<Record<Way, Send>> = { plain, renamed, removed, scattered: plain, cut, resumed };

/** A client that keeps its connection as long as it can. */
export const ftpSender = ({ ftpPort: port }: Pair): Sender => {
  const connect = async (): Promise<Client> => {
    const client = new Client(silence);
    await client.access({ host: '127.0.0.1', port, user: 'acme', password });
    return client;
  };
  let client: Client | undefined;
  return {
    send: async (way, file) => {
      if (client === undefined || client.closed) client = await connect();
      client = await ways[way](client, file, connect);
    },
    leave: async () => {
      await client?.send('QUIT').catch(() => undefined);
      client?.close();
    },
  };
};
