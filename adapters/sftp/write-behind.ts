/** Writing a file over SFTP: requests follow each other without waiting, within a bound of memory. */
import type { SFTPWrapper, Stats } from 'ssh2';
import { failing } from '../../domain/failure.ts';
import { closed } from '../shared/lifeline.ts';
import { otherSize, outcomeUnknown, timeout } from '../shared/partner-failures.ts';
import { sourced } from '../shared/source.ts';
import { type Ask, asked, type Opened } from './requests-out.ts';

/** The largest write that every server takes, and how many bytes and requests may wait for their answer. */
const piece = 32_000;
const most = { bytes: 2 * 1024 * 1024, requests: 512 };
const silent = 60_000;

/** Writes all of it, makes it durable where the server can, and closes; answers once the close is confirmed. */
export const writeBehind = async (
  { sftp, life, place }: Opened,
  path: string,
  bytes: AsyncIterable<Uint8Array>,
  ask: Ask,
): Promise<void> => {
  const handle = await ask<Buffer>(`opening ${path}`, (done) => sftp.open(path, 'w', done));
  const late = timeout(place, silent, `writing ${path}`);
  let [sent, flying, requests] = [0, 0, 0];
  let failed: Error | undefined;
  let wake: () => void = () => undefined;
  const send = (part: Uint8Array): void => {
    const buffer = Buffer.from(part.buffer, part.byteOffset, part.byteLength);
    const at = sent;
    sent += buffer.length;
    flying += buffer.length;
    requests += 1;
    asked<unknown>((done) => sftp.write(handle, buffer, 0, buffer.length, at, done))
      .catch((error: unknown) => {
        failed ??= error instanceof Error ? error : new Error(String(error));
      })
      .finally(() => {
        flying -= buffer.length;
        requests -= 1;
        wake();
      });
  };
  /** Waits until no more than so much waits for its answer. */
  const until = async (bytesLeft: number, requestsLeft: number): Promise<void> => {
    while (failed === undefined && (flying > bytesLeft || requests > requestsLeft))
      await life.within(
        silent,
        late,
        new Promise<void>((resolve) => {
          wake = resolve;
        }),
      );
    if (failed !== undefined) throw failed;
  };

  let last = false;
  try {
    for await (const chunk of sourced(bytes))
      for (let at = 0; at < chunk.length; at += piece) {
        send(chunk.subarray(at, at + piece));
        await until(most.bytes - piece, most.requests);
      }
    last = true;
    await until(0, 0);
    await synced(sftp, handle, ask);
    const { size } = await ask<Stats>(`looking at ${path}`, (done) => sftp.fstat(handle, done));
    await ask<unknown>(`closing ${path}`, (done) => sftp.close(handle, done));
    if (size !== sent) throw failing(otherSize(path, size, sent));
  } catch (error) {
    if (life.why() !== undefined) throw last ? failing(outcomeUnknown(place, `writing ${path}`)) : error;
    // What is there is a part; where the server itself did not refuse it, it must not be closed as if it were the whole.
    if (error === failed)
      await ask<unknown>(`closing ${path}`, (done) => sftp.close(handle, done)).catch(() => undefined);
    else if (!last) life.end(closed);
    throw error;
  }
};

/** Asks for the bytes to be on disk where the server offers that (fsync@openssh.com, OpenSSH PROTOCOL, section 4.3). */
const synced = async (sftp: SFTPWrapper, handle: Buffer, ask: Ask): Promise<void> => {
  await ask<unknown>('making it durable', (done) => {
    try {
      sftp.ext_openssh_fsync(handle, done);
    } catch {
      // ssh2 throws where it is not offered.
      done(undefined, undefined);
    }
  });
};
