import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { curlPut, openSsh } from '../support/clients.ts';
import { residentBytes } from '../support/memory.ts';
import { startPair } from '../support/servers.ts';
import { expectOneStory, idle } from '../support/stories.ts';

const GiB = 1024 ** 3;
const MiB = 1024 ** 2;

const hashOf = async (file: string): Promise<string> => {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file, { highWaterMark: 4 * MiB })) hash.update(chunk as Buffer);
  return hash.digest('hex');
};

/** A file that compresses to nothing but whose every block differs. */
const make = async (file: string, size: number): Promise<void> => {
  const handle = await open(file, 'w');
  for (let at = 0; at < size; at += MiB) {
    const block = createHash('shake256', { outputLength: MiB }).update(String(at)).digest();
    await handle.write(block);
  }
  await handle.close();
};

describe('a file of 2 GiB', () => {
  it('arrives byte-identical, while each server stays within 250 MB of its idle memory', async () => {
    const pair = await startPair();
    try {
      const file = join(pair.directory, 'huge');
      await make(file, 2 * GiB);
      const expected = await hashOf(file);
      const warm = await curlPut(pair, pair.inner.config, '/warm');
      expect(warm).toMatchObject({ code: 0 });
      await idle(pair);
      const idleMemory = { dmz: await residentBytes(pair.dmz.pid()), inner: await residentBytes(pair.inner.pid()) };
      const most = { dmz: 0, inner: 0 };
      const watch = setInterval(() => {
        for (const role of ['dmz', 'inner'] as const)
          void residentBytes(pair[role].pid()).then((bytes) => {
            most[role] = Math.max(most[role], bytes);
          });
      }, 100);
      expect(await openSsh(pair, [`put ${file} huge`], 600_000)).toMatchObject({ code: 0 });
      await idle(pair, 600_000);
      clearInterval(watch);
      expect(await hashOf(join(pair.out, 'huge'))).toBe(expected);
      for (const role of ['dmz', 'inner'] as const) {
        console.log(`${role}: idle ${Math.round(idleMemory[role] / 1e6)} MB, most ${Math.round(most[role] / 1e6)} MB`);
        expect(most[role] - idleMemory[role]).toBeLessThan(250e6);
      }
      expect(await expectOneStory(pair)).toBe(2);
    } finally {
      await pair.end();
    }
  }, 1_200_000);
});
