import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { connect } from 'node:net';
import ssh2 from 'ssh2';
import { openSsh } from './clients.ts';
import { type Pair, password } from './servers.ts';
import { until } from './until.ts';

/** Sends the first bytes of a file over SFTP, sees them taken, and resets the connection. */
export const cutSftp = async (pair: Pair, local: string, remote: string, bytes: number): Promise<void> => {
  const socket = connect(pair.sftpPort, '127.0.0.1');
  const client = new ssh2.Client();
  client.on('error', () => undefined);
  client.connect({ sock: socket, username: 'acme', password });
  await once(client, 'ready');
  const sftp = await new Promise<ssh2.SFTPWrapper>((resolve, reject) =>
    client.sftp((error, wrapper) => (error === undefined ? resolve(wrapper) : reject(error))),
  );
  const file = await open(local);
  const { buffer } = await file.read(Buffer.alloc(bytes), 0, bytes, 0);
  await file.close();
  const handle = await new Promise<Buffer>((resolve, reject) =>
    sftp.open(remote, 'w', (error, opened) => (error === undefined ? resolve(opened) : reject(error))),
  );
  for (let at = 0; at < bytes; at += 32_000)
    await new Promise<void>((resolve, reject) =>
      sftp.write(handle, buffer, at, Math.min(32_000, bytes - at), at, (error) =>
        error === undefined || error === null ? resolve() : reject(error),
      ),
    );
  socket.resetAndDestroy();
  await until('dmz has seen the cut, and keeps what there was', async () => (await seen(pair, remote)) === bytes);
};

/** The size of a file as a new session sees it; undefined where it sees none. */
const seen = async (pair: Pair, remote: string): Promise<number | undefined> => {
  const listed = await openSsh(pair, [`-ls -ln ${remote}`]);
  const size = /^-\S+\s+\S+\s+\S+\s+\S+\s+(\d+)/m.exec(listed.out)?.[1];
  return size === undefined ? undefined : Number(size);
};
