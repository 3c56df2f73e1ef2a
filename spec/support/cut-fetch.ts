/** A fetch over SFTP that is cut three times and outlives the SIGKILL of each server, with the bytes on the wire counted. */
import { join } from 'node:path';
import { expect } from 'vitest';
import { hashOf, makeFile } from './big-file.ts';
import { curlPut } from './clients.ts';
import { freePort } from './free-port.ts';
import { linked, startPair } from './servers.ts';
import { expectOneStory, idle } from './stories.ts';
import { wireTo } from './wire.ts';

const MiB = 1024 ** 2;

/** Fetches a payload of so many MiB; answers how many bytes came back over the wire beyond its size. */
export const cutFetch = async (mebibytes: number): Promise<number> => {
  const fetchPort = await freePort();
  const wire = await wireTo(fetchPort);
  const pair = await startPair({ fetchPort, fetchFrom: wire.port });
  try {
    const file = join(pair.directory, 'big.bin');
    await makeFile(file, mebibytes * MiB);
    const at = (share: number): Promise<void> => wire.holdAt(share * mebibytes * MiB);
    let held = at(0.15);
    expect(await curlPut(pair, file, '/big.bin')).toMatchObject({ code: 0 });
    for (const [next, killed] of [
      [0.3],
      [0.45],
      [0.6],
      [0.8, pair.dmz],
      [Number.POSITIVE_INFINITY, pair.inner],
    ] as const) {
      await held;
      await killed?.kill();
      held = at(next);
      wire.cut();
      await killed?.start();
    }
    await linked(pair);
    await idle(pair, 120_000);
    expect(await hashOf(join(pair.out, 'big.bin'))).toBe(await hashOf(file));
    expect(await expectOneStory(pair)).toBe(1);
    return wire.carried() - mebibytes * MiB;
  } finally {
    await wire.close();
    await pair.end();
  }
};
