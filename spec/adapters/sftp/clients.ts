/** Partners' programs that speak SFTP. */
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import ssh2, { type Client, type ConnectConfig, type SFTPWrapper } from 'ssh2';
import type { Place, ProtocolClient } from '../../contracts/protocol.ts';
import { program, type Ran } from '../../support/program.ts';

/** Options with which every OpenSSH program trusts whatever server it meets and reads no config of this machine. */
export const careless = [
  '-F',
  'none',
  '-o',
  'StrictHostKeyChecking=no',
  '-o',
  'UserKnownHostsFile=/dev/null',
  '-o',
  'LogLevel=ERROR',
];

/** OpenSSH's sftp with a password; `commands` are its batch. */
export const openSsh = async (
  place: Place,
  commands: readonly string[],
  options: readonly string[] = [],
): Promise<Ran> => {
  const askpass = join(place.directory, 'askpass');
  await writeFile(askpass, '#!/bin/sh\nprintf "%s\\n" "$SALLYPORT_PASSWORD"\n');
  await chmod(askpass, 0o700);
  return program(
    'sftp',
    [
      ...options,
      ...careless,
      '-o',
      'BatchMode=no',
      '-o',
      'PreferredAuthentications=password',
      '-o',
      'NumberOfPasswordPrompts=1',
      '-P',
      String(place.port),
      '-b',
      '-',
      `${place.login}@${place.host}`,
    ],
    {
      input: `${commands.join('\n')}\n`,
      env: { SSH_ASKPASS: askpass, SSH_ASKPASS_REQUIRE: 'force', SALLYPORT_PASSWORD: place.password },
    },
  );
};

/** A connection of our own making, for what no program does; ended when the test says so. */
export const connect = (place: Place, config: ConnectConfig = {}): Promise<Client> =>
  new Promise((resolve, reject) => {
    const client = new ssh2.Client();
    client.on('error', reject);
    client.on('ready', () => resolve(client));
    client.connect({ host: place.host, port: place.port, username: place.login, password: place.password, ...config });
  });

/** SFTP on a connection. */
export const subsystem = (client: Client): Promise<SFTPWrapper> =>
  new Promise((resolve, reject) => {
    client.sftp((error, sftp) => (error === undefined ? resolve(sftp) : reject(error)));
  });

/** Cuts a connection: no goodbye, the socket is just gone. */
export const sever = (client: Client): void => {
  (client as unknown as { _sock: { destroy: () => void } })._sock.destroy();
};

const outcome = ({ code, text }: Ran): { ok: boolean; text: string } => ({ ok: code === 0, text });

/** OpenSSH, as the protocol contract wants it. */
export const openSshClient = (place: Place): ProtocolClient => ({
  put: async (local, remote) => outcome(await openSsh(place, [`put ${local} ${remote}`])),
  get: async (remote, local) => outcome(await openSsh(place, [`get ${remote} ${local}`])),
  list: async (directory) => outcome(await openSsh(place, [`ls -l ${directory}`])),
  putBoth: async (local, first, second) =>
    outcome(await openSsh(place, [`-put ${local} ${first}`, `put ${local} ${second}`])),
  cut: async (remote, bytes, sent) => {
    const client = await connect(place);
    const sftp = await subsystem(client);
    sftp.on('error', () => undefined);
    sftp.open(remote, 'w', (_, handle) => sftp.write(handle, bytes, 0, bytes.length, 0, () => undefined));
    await sent();
    sever(client);
  },
  stay: async () => {
    const client = await connect(place);
    const ended = new Promise<void>((resolve) => client.on('close', () => resolve()));
    await subsystem(client);
    return { ended, leave: () => client.end() };
  },
});
