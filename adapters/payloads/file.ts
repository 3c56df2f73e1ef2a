import { type FileHandle, open } from 'node:fs/promises';
import { failing, temporary } from '../../domain/failure.ts';
import type { Place } from './layout.ts';

const chunk = 256 * 1024;

/** Writes all the bytes at a position. */
export const writeFully = async (handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> => {
  for (let done = 0; done < bytes.length; )
    done += (await handle.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
};

/** Fills the buffer from a position of a payload's file; throws where the file is shorter. */
export const readFully = async (
  key: string,
  handle: FileHandle,
  buffer: Uint8Array,
  position: number,
): Promise<void> => {
  for (let done = 0; done < buffer.length; ) {
    const { bytesRead } = await handle.read(buffer, done, buffer.length - done, position + done);
    if (bytesRead === 0) throw failing(temporary('unavailable', `payload ${key} is shorter on the disk than it was`));
    done += bytesRead;
  }
};

/** The bytes of a payload from `from` to `to`, in chunks. Opens it when the first is asked for, closes it however the reading ends. */
export async function* readRange(place: Place, from: number, to: number): AsyncGenerator<Uint8Array, void, undefined> {
  const handle = await open(place.file, 'r');
  try {
    for (let at = from; at < to; at += chunk) {
      const buffer = Buffer.allocUnsafe(Math.min(chunk, to - at));
      await readFully(place.key, handle, buffer, at);
      yield buffer;
    }
  } finally {
    await handle.close();
  }
}
