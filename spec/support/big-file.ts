/** Large files whose content can be told apart, and compared. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';

const MiB = 1024 ** 2;

/** SHA-256 of a file. */
export const hashOf = async (file: string): Promise<string> => {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
};

/** Writes a file whose every block differs. */
export const makeFile = async (file: string, size: number): Promise<void> => {
  const handle = await open(file, 'w');
  for (let at = 0; at < size; at += MiB)
    await handle.write(createHash('shake256', { outputLength: MiB }).update(String(at)).digest());
  await handle.close();
};
