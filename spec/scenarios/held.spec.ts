import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isRight } from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { curlPut } from '../support/clients.ts';
import { run } from '../support/run.ts';
import { entry, linked, type Pair, type Server, startPair } from '../support/servers.ts';
import { expectOneStory, idle } from '../support/stories.ts';
import { until } from '../support/until.ts';

const cli = (...args: readonly string[]) => run(process.execPath, [entry, ...args]);

const held = (server: Server) =>
  until('it is held', async () => {
    const rows = await server.control.list({ state: 'held', limit: 10 })();
    return isRight(rows) ? rows.right[0] : undefined;
  });

const put = async (pair: Pair, name: string): Promise<void> => {
  await writeFile(join(pair.directory, name), name);
  expect(await curlPut(pair, join(pair.directory, name), `/${name}`)).toMatchObject({ code: 0 });
};

describe('a file that no profile takes', () => {
  it('is held on both servers, and goes on when a person releases it after the config was mended', async () => {
    const pair = await startPair({ takes: '*.xml' });
    try {
      await put(pair, 'order.csv');
      const row = await held(pair.inner);
      expect(row).toMatchObject({ name: 'order.csv', reason: 'no profile matches "order.csv" on channel acme' });
      expect(await held(pair.dmz)).toMatchObject({ id: row.id });
      expect(pair.inner.printed()).toContain('alarm');

      const config = await readFile(pair.inner.config, 'utf8');
      await pair.inner.stop();
      await writeFile(pair.inner.config, config.replace('*.xml', '*.csv'));
      await pair.inner.start();
      await linked(pair);
      const released = await cli('transfers', 'release', row.id, '--data', pair.dmz.data);
      expect(released).toMatchObject({ code: 0, err: '' });
      await idle(pair);
      expect(await readFile(join(pair.out, 'order.csv'), 'utf8')).toBe('order.csv');
      await expectOneStory(pair);
    } finally {
      await pair.end();
    }
  });

  it('ends without a result when a person abandons it, with the reason in both logs', async () => {
    const pair = await startPair({ takes: '*.xml' });
    try {
      await put(pair, 'junk');
      const { id } = await held(pair.inner);
      const early = await cli('transfers', 'release', id.slice(0, 10), '--data', pair.inner.data);
      expect(early.code).toBe(0);
      await until('it is held again', async () => {
        const story = await pair.inner.control.show(id)();
        return isRight(story) && story.right.events.filter((event) => event.type === 'held').length === 2;
      });
      const abandoned = await cli('transfers', 'abandon', id, '--reason', 'sent by mistake', '--data', pair.inner.data);
      expect(abandoned).toMatchObject({ code: 0, err: '' });
      await idle(pair);
      const again = await cli('transfers', 'retry', id, '--data', pair.inner.data);
      expect(again).toMatchObject({ code: 1 });
      expect(again.err).toContain('it has already ended (abandoned)');
      const shown = await cli('transfers', 'show', id, '--json', '--data', pair.dmz.data);
      expect(shown.out).toContain('sent by mistake');
      await expectOneStory(pair);
    } finally {
      await pair.end();
    }
  });
});
