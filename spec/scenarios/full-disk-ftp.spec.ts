import { randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isRight } from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { curlFtp, lftpFtp } from '../support/clients.ts';
import { withSmallDisk } from '../support/full-disk.ts';
import type { Pair } from '../support/servers.ts';
import { expectOneStory, idle } from '../support/stories.ts';
import { until } from '../support/until.ts';

const mebibyte = 1024 * 1024;
const noRoom = '452 there is no room at the moment; try again later';

const put = async (pair: Pair, name: string, size: number) => {
  const bytes = randomBytes(size);
  await writeFile(join(pair.directory, name), bytes);
  return { bytes, ran: await curlFtp(pair, `/${name}`, '-v', '-T', join(pair.directory, name)) };
};

const taken = async ({ dmz }: Pair): Promise<readonly string[]> => {
  const rows = await dmz.control.list({ limit: 100 })();
  return isRight(rows) ? rows.right.map((row) => row.name) : [];
};

const sessions = ({ dmz }: Pair): number => dmz.printed().split('ftp session started').length;

describe('a full disk on dmz, over FTP', () => {
  it('refuses new data with 452 before it is accepted, and takes what a sender tries again once there is room', {
    timeout: 60_000,
  }, async () => {
    await withSmallDisk('dmz', async (pair, small) => {
      const before = await put(pair, 'before', 100_000);
      expect(before.ran).toMatchObject({ code: 0 });
      await small.fill(2 * mebibyte);
      await until('the disk is seen to be full', () => pair.dmz.printed().includes('the disk is nearly full'));

      const { ran } = await put(pair, 'refused', 1000);
      expect(ran.code).not.toBe(0);
      expect(ran.err).toContain(`> STOR refused\r\n< ${noRoom}`);
      expect((await curlFtp(pair, '/', '-v', '-Q', 'ALLO 1000')).err).toContain(`< ${noRoom}`);
      const said = await lftpFtp(pair, `put ${join(pair.directory, 'refused')}`);
      expect(said.code).not.toBe(0);
      expect(said.err).toContain(noRoom);
      expect(await taken(pair)).toEqual(['before']);
      expect((await curlFtp(pair, '/before')).out.length).toBeGreaterThan(0);

      const bytes = randomBytes(3 * mebibyte);
      await writeFile(join(pair.directory, 'after'), bytes);
      const earlier = sessions(pair);
      const patient = lftpFtp(pair, `set net:max-retries 100; put ${join(pair.directory, 'after')}`);
      await until('it is logged in', () => sessions(pair) > earlier);
      await small.makeRoom();
      expect(await patient).toMatchObject({ code: 0 });
      await idle(pair);
      expect((await readFile(join(pair.out, 'before'))).equals(before.bytes)).toBe(true);
      expect((await readFile(join(pair.out, 'after'))).equals(bytes)).toBe(true);
      expect(await expectOneStory(pair)).toBe(2);
    });
  });

  it('ends a running upload that would fill it with 452, keeps nothing of it, and takes the next', {
    timeout: 60_000,
  }, async () => {
    await withSmallDisk('dmz', async (pair) => {
      const { ran } = await put(pair, 'too-much', 40 * mebibyte);
      expect(ran.code).not.toBe(0);
      expect(ran.err).toContain(`< ${noRoom}`);
      await until('its room is free again', async () => (await put(pair, 'fits', 1000)).ran.code === 0);
      await idle(pair);
      expect(await readdir(pair.out)).toEqual(['fits']);
      await expectOneStory(pair);
    });
  });
});
