import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isRight } from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { curlPut } from '../support/clients.ts';
import { run } from '../support/run.ts';
import { entry, startPair } from '../support/servers.ts';
import { expectOneStory, idle } from '../support/stories.ts';

const cli = (...args: readonly string[]) => run(process.execPath, [entry, ...args]);

describe('a file that a broken profile has delivered wrongly', () => {
  it('is processed again from its payload once the config is mended', { timeout: 120_000 }, async () => {
    const pair = await startPair({ steps: [{ kind: 'rename', template: '{stem}.wrong{ext}' }] });
    try {
      await writeFile(join(pair.directory, 'order.txt'), 'one order\n');
      expect(await curlPut(pair, join(pair.directory, 'order.txt'), '/order.txt')).toMatchObject({ code: 0 });
      await idle(pair);
      expect(await readdir(pair.out)).toEqual(['order.wrong.txt']);
      const rows = await pair.inner.control.list({ limit: 10 })();
      const old = (isRight(rows) ? rows.right : []).find((row) => row.scenario === 'partnerSends')?.id ?? '';

      const config = await readFile(pair.inner.config, 'utf8');
      await writeFile(pair.inner.config, config.replace('.wrong', '.right'));
      expect(await cli('channels', 'reload', '--data', pair.inner.data)).toMatchObject({ code: 0 });
      const there = await cli('replay', old, '--again', '--data', pair.dmz.data);
      expect(there).toMatchObject({ code: 1, err: 'sallyport: only inner runs a transfer again; ask it there\n' });
      const here = await cli('replay', old.slice(0, 12), '--again', '--data', pair.inner.data);
      expect(here).toMatchObject({ code: 0, err: '' });
      await idle(pair);

      expect((await readdir(pair.out)).sort()).toEqual(['order.right.txt', 'order.wrong.txt']);
      expect(await readFile(join(pair.out, 'order.right.txt'), 'utf8')).toBe('one order\n');
      const shown = await cli('transfers', 'show', here.out.trim(), '--data', pair.inner.data);
      expect(shown.out).toContain(`again what was ${old} by `);
      expect(shown.out).toContain('processAgain');
      await expectOneStory(pair);
    } finally {
      await pair.end();
    }
  });
});
