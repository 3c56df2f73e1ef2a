/** A partner's SFTP client as a library gives it: each call answers, or rejects once the connection is gone. */
import ssh2, { type SFTPWrapper } from 'ssh2';

/** Where to, and as whom. */
export type Door = { readonly port: number; readonly login: string; readonly privateKey: Buffer };

/** A session. */
export type Partner = {
  open(path: string, flags: 'w' | 'r+'): Promise<Buffer>;
  write(handle: Buffer, bytes: Buffer, offset: number): Promise<void>;
  close(handle: Buffer): Promise<void>;
  /** The size that the server shows, or undefined where it shows none. */
  size(path: string): Promise<number | undefined>;
  /** posix-rename@openssh.com, as OpenSSH renames: an existing file is replaced. */
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  readonly gone: () => boolean;
  /** Ends the session as it should be. */
  leave(): Promise<void>;
  /** Is just gone, as when a cable is pulled. */
  cut(): void;
};

type Done<A> = (error: Error | null | undefined, value: A) => void;

/** Connects and logs in. */
export const connectPartner = async (door: Door): Promise<Partner> => {
  const client = new ssh2.Client();
  let gone = false;
  const lost = new Promise<never>((_, reject) => {
    const end = (error?: Error): void => {
      gone = true;
      reject(error ?? new Error('the connection was closed'));
    };
    client.on('error', end).on('close', () => end());
  });
  lost.catch(() => undefined);
  const call = <A>(ask: (done: Done<A>) => void): Promise<A> =>
    Promise.race([
      lost,
      new Promise<A>((resolve, reject) => {
        ask((error, value) => (error ? reject(error) : resolve(value)));
      }),
    ]);
  const { port, login: username, privateKey } = door;
  const sftp = await call<SFTPWrapper>((done) => {
    client.on('ready', () => client.sftp(done));
    client.connect({ host: '127.0.0.1', port, username, privateKey, readyTimeout: 20_000 });
  }).catch((error: unknown) => {
    client.destroy();
    throw error;
  });
  sftp.on('error', () => undefined);
  return {
    open: (path, flags) => call((done) => sftp.open(path, flags, done)),
    write: (handle, bytes, offset) =>
      call<unknown>((done) => sftp.write(handle, bytes, 0, bytes.length, offset, done as Done<void>)).then(
        () => undefined,
      ),
    close: (handle) => call<unknown>((done) => sftp.close(handle, done as Done<void>)).then(() => undefined),
    size: (path) =>
      call<number | undefined>((done) =>
        sftp.stat(path, (error, stats) => {
          const absent = error !== undefined && 'code' in error && error.code === 2;
          done(absent ? undefined : error, absent || error !== undefined ? undefined : stats.size);
        }),
      ),
    rename: (from, to) =>
      call<unknown>((done) => sftp.ext_openssh_rename(from, to, done as Done<void>)).then(() => undefined),
    remove: (path) => call<unknown>((done) => sftp.unlink(path, done as Done<void>)).then(() => undefined),
    gone: () => gone,
    leave: async () => {
      const closed = new Promise((resolve) => sftp.once('close', resolve));
      sftp.end();
      await Promise.race([closed, lost]).catch(() => undefined);
      client.end();
      await lost.catch(() => undefined);
    },
    cut: () => client.destroy(),
  };
};
