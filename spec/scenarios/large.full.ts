import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hashOf, makeFile } from '../support/big-file.ts';
import { curlPut, openSsh } from '../support/clients.ts';
import { startPair } from '../support/servers.ts';
import { expectOneStory, idle } from '../support/stories.ts';
import { watchMemory } from '../support/watch-memory.ts';

const GiB = 1024 ** 3;

describe('a file of 2 GiB', () => {
  it('arrives byte-identical, while each server stays within 250 MB of its idle memory', async () => {
    const pair = await startPair();
    try {
      const file = join(pair.directory, 'huge');
      await makeFile(file, 2 * GiB);
      const expected = await hashOf(file);
      const warm = await curlPut(pair, pair.inner.config, '/warm');
      expect(warm).toMatchObject({ code: 0 });
      await idle(pair);
      const more = await watchMemory(pair);
      expect(await openSsh(pair, [`put ${file} huge`], 600_000)).toMatchObject({ code: 0 });
      await idle(pair, 600_000);
      const most = more();
      expect(await hashOf(join(pair.out, 'huge'))).toBe(expected);
      for (const role of ['dmz', 'inner'] as const) {
        console.log(`${role}: at most ${Math.round(most[role] / 1e6)} MB more than idle`);
        expect(most[role]).toBeLessThan(250e6);
      }
      expect(await expectOneStory(pair)).toBe(2);
    } finally {
      await pair.end();
    }
  }, 1_200_000);
});
