import { randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isRight } from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { curlPut, lftp } from '../support/clients.ts';
import { withSmallDisk } from '../support/full-disk.ts';
import { linked, type Pair, preparePair, type Server } from '../support/servers.ts';
import { mountSmallDisk } from '../support/small-disk.ts';
import { expectOneStory, idle } from '../support/stories.ts';
import { until } from '../support/until.ts';

const mebibyte = 1024 * 1024;
const put = async (pair: Pair, name: string, size: number) => {
  const bytes = randomBytes(size);
  await writeFile(join(pair.directory, name), bytes);
  return { bytes, ran: await curlPut(pair, join(pair.directory, name), `/${name}`) };
};

const alarms = (server: Server, what: string): number => server.printed().split(`alarm ${what}`).length - 1;
const transfers = async (server: Server) => {
  const rows = await server.control.list({ limit: 100 })();
  return isRight(rows) ? rows.right.filter((row) => row.scenario === 'partnerSends') : [];
};

describe('a full disk on dmz', () => {
  it('refuses new data before it is accepted, loses nothing, and goes on by itself when there is room', async () => {
    await withSmallDisk('dmz', async (pair, small) => {
      const before = await put(pair, 'before', 100_000);
      expect(before.ran).toMatchObject({ code: 0 });
      await idle(pair);

      await small.fill(2 * mebibyte);
      await until('the disk is seen to be full', () => alarms(pair.dmz, 'the disk is nearly full') === 1);
      expect((await put(pair, 'refused', 1000)).ran.code).not.toBe(0);
      const said = await lftp(pair, `put ${join(pair.directory, 'refused')}`);
      expect(said.err).toContain('there is no room at the moment; try again later');
      expect((await transfers(pair.dmz)).map((row) => row.name)).toEqual(['before']);
      const seen = await lftp(pair, 'cls -1; cat before');
      expect(seen.out).toContain('before');

      await small.makeRoom();
      await until('there is room', () => pair.dmz.printed().includes('there is room on the disk again'));
      const after = await put(pair, 'after', 3 * mebibyte);
      expect(after.ran).toMatchObject({ code: 0 });
      await idle(pair);
      expect((await readFile(join(pair.out, 'before'))).equals(before.bytes)).toBe(true);
      expect((await readFile(join(pair.out, 'after'))).equals(after.bytes)).toBe(true);
      expect(alarms(pair.dmz, 'the disk is nearly full')).toBe(1);
      expect(await expectOneStory(pair)).toBe(2);
    });
  });

  it('ends an upload that would fill it, keeps nothing of it, and still takes what fits', async () => {
    await withSmallDisk('dmz', async (pair) => {
      const { ran } = await put(pair, 'too-much', 40 * mebibyte);
      expect(ran.code).not.toBe(0);
      await until('its room is free again', async () => {
        const { code } = (await put(pair, 'fits', 1000)).ran;
        return code === 0;
      });
      await idle(pair);
      expect(await readdir(pair.out)).toEqual(['fits']);
      await expectOneStory(pair);
    });
  });

  it('does not end the server, even when not a byte is left', async () => {
    await withSmallDisk('dmz', async (pair, small) => {
      expect((await put(pair, 'before', 1000)).ran).toMatchObject({ code: 0 });
      await small.fill(0);
      await until('the reserve is given up', () => pair.dmz.printed().includes('the reserve is given up'));
      await small.fill(0);
      const pid = pair.dmz.pid();
      for (let i = 0; i < 3; i += 1) expect((await put(pair, `refused-${i}`, 100_000)).ran.code).not.toBe(0);
      await small.makeRoom();
      await until('there is room', () => pair.dmz.printed().includes('there is room on the disk again'));
      expect((await put(pair, 'after', 100_000)).ran).toMatchObject({ code: 0 });
      await idle(pair);
      expect(pair.dmz.pid()).toBe(pid);
      expect((await readdir(pair.out)).sort()).toEqual(['after', 'before']);
      expect(await readdir(pair.dmz.data)).toContain('reserve');
      await expectOneStory(pair);
    });
  });
});

describe('a full disk on inner', () => {
  it('leaves what is accepted on dmz, holds nothing, and goes on by itself when there is room', async () => {
    await withSmallDisk('inner', async (pair, small) => {
      await small.fill(2 * mebibyte);
      await until('the disk is seen to be full', () => alarms(pair.inner, 'the disk is nearly full') === 1);
      const tiny = await put(pair, 'small', 1000);
      const large = await put(pair, 'large', 2 * mebibyte);
      expect([tiny.ran.code, large.ran.code]).toEqual([0, 0]);
      const waiting = await until('inner has taken the large one over', async () =>
        (await transfers(pair.inner)).find((row) => row.name === 'large' && row.reason !== null),
      );
      expect(waiting).toMatchObject({
        state: 'forwarded',
        reason: 'there is no room on the disk for more data at the moment',
      });
      const story = await pair.inner.control.show(waiting.id)();
      expect(isRight(story) && story.right.events.map((event) => event.type)).toEqual(['received', 'forwarded']);

      await small.makeRoom();
      await idle(pair);
      expect((await readFile(join(pair.out, 'small'))).equals(tiny.bytes)).toBe(true);
      expect((await readFile(join(pair.out, 'large'))).equals(large.bytes)).toBe(true);
      expect(pair.inner.printed()).toContain('there is room on the disk again');
      expect(await expectOneStory(pair)).toBe(2);
    });
  });

  it('does not end the server, even when not a byte is left', async () => {
    await withSmallDisk('inner', async (pair, small) => {
      await small.fill(0);
      await until('the reserve is given up', () => pair.inner.printed().includes('the reserve is given up'));
      await small.fill(0);
      const pid = pair.inner.pid();
      const sent = [await put(pair, 'a', 1000), await put(pair, 'b', 2 * mebibyte)];
      expect(sent.map(({ ran }) => ran.code)).toEqual([0, 0]);
      expect((await pair.dmz.status()).open).toBe(2);
      await small.makeRoom();
      await idle(pair);
      expect(pair.inner.pid()).toBe(pid);
      expect((await readFile(join(pair.out, 'b'))).equals(sent[1]?.bytes ?? Buffer.alloc(0))).toBe(true);
      await expectOneStory(pair);
    });
  });
});

describe('a full disk where results are delivered', () => {
  it('holds nothing: the result waits, with an alarm, and is delivered when there is room', async () => {
    const pair = await preparePair({ inner: { retries: { attempts: 1 } } });
    const small = await mountSmallDisk(pair.out, 1);
    try {
      await Promise.all([pair.inner.start(), pair.dmz.start()]);
      await linked(pair);
      await small.fill(0);
      const { bytes, ran } = await put(pair, 'order', 100_000);
      expect(ran.code).toBe(0);
      const alarm = 'transfers wait for room, and go on by themselves when there is some';
      await until('inner says that it waits', () => alarms(pair.inner, alarm) === 1);
      expect(pair.inner.printed()).toContain(
        `cannot write a file into ${pair.out}: there is no space left on its disk`,
      );
      await small.makeRoom();
      await idle(pair);
      expect((await readFile(join(pair.out, 'order'))).equals(bytes)).toBe(true);
      expect(pair.inner.printed()).not.toContain('alarm a transfer is held');
      await expectOneStory(pair);
    } finally {
      await Promise.all([pair.inner.kill(), pair.dmz.kill()]);
      await small.unmount();
      await pair.end();
    }
  });
});
