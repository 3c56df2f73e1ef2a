/** Reading a file over SFTP in bounded memory, with requests for more always on their way. */
import type { Socket } from 'node:net';
import type { SFTPWrapper } from 'ssh2';
import type { Clock } from '../../domain/ports.ts';

/** An open file; it is read from `start` to `size`. */
export type OpenFile = {
  readonly sftp: SFTPWrapper;
  readonly broken: Promise<never>;
  readonly handle: Buffer;
  readonly start: number;
  readonly size: number;
};

/** Waits for the next bytes under whatever deadline the caller has. */
export type Watched = (next: Promise<Buffer>) => Promise<Buffer>;

/** The most that every server gives in one answer, and how many of them are on their way: 2 MiB in all. */
const piece = 31_952;
const ahead = 64;

/** The bytes in order; throws where the session breaks, or the file ends before its size. */
export async function* readAhead(file: OpenFile, watched: Watched): AsyncGenerator<Uint8Array, void, undefined> {
  const orBroken = unlessBroken(file.broken);
  const waiting: Promise<Buffer>[] = [];
  let asked = file.start;
  for (;;) {
    for (; waiting.length < ahead && asked < file.size; asked += piece) {
      const next = read(file, asked, Math.min(piece, file.size - asked));
      next.catch(() => undefined);
      waiting.push(next);
    }
    const next = waiting.shift();
    if (next === undefined) return;
    yield await watched(orBroken(next));
  }
}

/** Calls back when no byte came for so long (milliseconds); answers how to stop the watch. */
export const whileSilent = (
  { socket }: { readonly socket: Socket },
  clock: Clock,
  milliseconds: number,
  dies: () => void,
): (() => void) => {
  let seen = socket.bytesRead;
  const look = (): void => {
    if (socket.bytesRead === seen) {
      dies();
      return;
    }
    seen = socket.bytesRead;
    cancel = clock.after(milliseconds, look);
  };
  let cancel = clock.after(milliseconds, look);
  return () => cancel();
};

/** Reads exactly so many bytes; a server may give fewer at a time (draft-ietf-secsh-filexfer-02, section 6.4). */
const read = ({ sftp, handle }: OpenFile, at: number, length: number): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const whole = Buffer.allocUnsafe(length);
    const from = (got: number): void => {
      sftp.read(handle, whole, got, length - got, at + got, (error, count) => {
        if (error !== undefined && (error as Error | null) !== null) reject(error);
        else if (got + count === length) resolve(whole);
        else if (count > 0) from(got + count);
        else reject(new Error(`the file ended at byte ${at + got}`));
      });
    };
    from(0);
  });

/** Waits for one thing after another unless the session breaks. A race would keep every result for as long as the session lives. */
const unlessBroken = (broken: Promise<never>): ((next: Promise<Buffer>) => Promise<Buffer>) => {
  let end: (error: Error) => void = () => undefined;
  let failure: Error | undefined;
  broken.catch((error: unknown) => {
    failure = error instanceof Error ? error : new Error(String(error));
    end(failure);
  });
  return (next) =>
    new Promise((resolve, reject) => {
      if (failure !== undefined) reject(failure);
      end = reject;
      next.then(resolve, reject);
    });
};
