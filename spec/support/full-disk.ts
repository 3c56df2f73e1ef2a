/** A pair of servers, one of which has a small disk to itself. */
import { mkdir } from 'node:fs/promises';
import { linked, type Pair, preparePair } from './servers.ts';
import { mountSmallDisk, type SmallDisk } from './small-disk.ts';

const disk = { mark: '4 MiB', logMark: '1 MiB', reserve: '1 MiB' };

/** Runs both, of which that one has 32 MiB; ends both afterwards. */
export const withSmallDisk = async (
  role: 'inner' | 'dmz',
  use: (pair: Pair, small: SmallDisk) => Promise<void>,
): Promise<void> => {
  const pair = await preparePair({ streamingSize: '64 KiB', inner: { disk }, dmz: { disk } });
  await mkdir(pair[role].data);
  const small = await mountSmallDisk(pair[role].data, 32);
  try {
    await Promise.all([pair.inner.start(), pair.dmz.start()]);
    await linked(pair);
    await use(pair, small);
  } finally {
    await Promise.all([pair.inner.kill(), pair.dmz.kill()]);
    await small.unmount();
    await pair.end();
  }
};
