import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isRight } from 'fp-ts/lib/Either.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TransferRow } from '../../domain/control.ts';
import { curlPut, lftp, openSsh } from '../support/clients.ts';
import { type Pair, type Server, startPair } from '../support/servers.ts';
import { expectOneStory, idle } from '../support/stories.ts';
import { until } from '../support/until.ts';

const named = async (server: Server, name: string): Promise<TransferRow | undefined> => {
  const rows = await server.control.list({ limit: 1000 })();
  return isRight(rows) ? rows.right.find((row) => row.name === name && row.scenario === 'partnerSends') : undefined;
};

const eventsOf = async (server: Server, name: string): Promise<readonly string[]> => {
  const story = await server.control.show((await named(server, name))?.id ?? '')();
  return isRight(story) ? story.right.events.map((event) => event.type) : [];
};

describe.each([
  ['pushback', 'sftp'],
  ['pushback', 'ftp'],
  ['direct', 'messageService'],
] as const)('a partner sends over SFTP, in %s mode, and inner fetches over %s', (mode, fetchVia) => {
  let pair: Pair;
  beforeAll(async () => {
    pair = await startPair({ mode, fetchVia, streamingSize: '64 KiB' });
  }, 60_000);
  afterAll(() => pair.end());

  const arrived = (name: string) => until(`${name} arrives`, () => readFile(join(pair.out, name)));

  it('delivers what OpenSSH puts, byte for byte', async () => {
    const bytes = randomBytes(40_000);
    await writeFile(join(pair.directory, 'order.xml'), bytes);
    const put = await openSsh(pair, [`put ${join(pair.directory, 'order.xml')} order.xml`]);
    expect(put).toMatchObject({ code: 0 });
    expect(bytes.equals(await arrived('order.xml'))).toBe(true);
  });

  it('delivers what curl puts, byte for byte', async () => {
    const bytes = randomBytes(1);
    await writeFile(join(pair.directory, 'small.csv'), bytes);
    expect(await curlPut(pair, join(pair.directory, 'small.csv'), '/small.csv')).toMatchObject({ code: 0 });
    expect(bytes.equals(await arrived('small.csv'))).toBe(true);
  });

  it('delivers an empty file', async () => {
    await writeFile(join(pair.directory, 'empty'), '');
    expect(await curlPut(pair, join(pair.directory, 'empty'), '/empty')).toMatchObject({ code: 0 });
    expect((await arrived('empty')).length).toBe(0);
  });

  it('records received, forwarded, fetched, processed, acknowledged on both servers', async () => {
    await until('order.xml is acknowledged', async () => (await named(pair.inner, 'order.xml'))?.ended);
    const told = ['received', 'forwarded', 'fetched', 'processed', 'acknowledged'];
    const local = ['matched', 'confirmed'];
    for (const server of [pair.dmz, pair.inner])
      expect((await eventsOf(server, 'order.xml')).filter((type) => !local.includes(type))).toEqual(told);
  });

  it('fetches what is larger than streamingSize', async () => {
    const bytes = randomBytes(20_000_000);
    await writeFile(join(pair.directory, 'large.bin'), bytes);
    expect(await curlPut(pair, join(pair.directory, 'large.bin'), '/large.bin')).toMatchObject({ code: 0 });
    expect(bytes.equals(await arrived('large.bin'))).toBe(true);
    const forwarded = await pair.inner.control.show((await named(pair.inner, 'large.bin'))?.id ?? '')();
    expect(isRight(forwarded) && forwarded.right.events.find((event) => event.type === 'forwarded')?.data).toEqual({
      inline: false,
    });
  });

  it('never overwrites: a second file of one name arrives beside the first', async () => {
    await writeFile(join(pair.directory, 'order.xml'), 'second');
    expect(await curlPut(pair, join(pair.directory, 'order.xml'), '/order.xml')).toMatchObject({ code: 0 });
    const beside = await until('the second arrives', async () =>
      (await readdir(pair.out)).find((name) => /^order\.[0-9a-z]{26}\.xml$/.test(name)),
    );
    expect(await readFile(join(pair.out, beside), 'utf8')).toBe('second');
    expect((await readFile(join(pair.out, 'order.xml'))).length).toBe(40_000);
  });

  it('makes a transfer of a temporary name only when it is renamed', async () => {
    await writeFile(join(pair.directory, 'late'), 'complete');
    const local = join(pair.directory, 'late');
    const put = await openSsh(pair, [
      `put ${local} late.tmp`,
      'ls -l late.tmp',
      'rename late.tmp late.xml',
      'ls late.xml',
    ]);
    expect(put).toMatchObject({ code: 0 });
    expect((await arrived('late.xml')).toString()).toBe('complete');
    expect(await named(pair.dmz, 'late.tmp')).toBeUndefined();
    expect((await readdir(pair.out)).filter((name) => name.startsWith('late'))).toEqual(['late.xml']);
  });

  it('shows the partner what it has delivered, in its directories, and lets it tidy up its view', async () => {
    await writeFile(join(pair.directory, 'doc'), 'seen');
    const local = join(pair.directory, 'doc');
    const commands = ['mkdir sub', `put ${local} sub/doc`, 'ls -l sub', 'rm sub/doc', 'ls sub', 'rmdir sub', '-ls sub'];
    const seen = await openSsh(pair, commands);
    expect(seen).toMatchObject({ code: 0 });
    expect(seen.out).toMatch(/ 4 .* (sub\/)?doc/);
    expect((await arrived('doc')).toString()).toBe('seen');
  });

  it('keeps names with spaces, umlauts, CJK and emoji', async () => {
    const names = ['a b.txt', 'Ü\u0308\u00fc.txt', '漢字.txt', '😀.txt', '-rf', 'back\\slash', 'x'.repeat(250)];
    for (const name of names) {
      await writeFile(join(pair.directory, 'name'), name);
      const escaped = encodeURIComponent(name);
      expect(await curlPut(pair, join(pair.directory, 'name'), `/${escaped}`)).toMatchObject({ code: 0 });
      expect((await arrived(name)).toString()).toBe(name);
    }
  });

  it('ends with one story in both logs', async () => {
    await idle(pair);
    expect(await expectOneStory(pair)).toBeGreaterThan(10);
    expect((await readdir(pair.out)).filter((name) => name.startsWith('.'))).toEqual([]);
  });
});

describe('many files in one lftp session', () => {
  const count = process.env.SALLYPORT_FULL === '1' ? 2_000 : 500;
  it(`arrive each once, ${count} with four at a time`, async () => {
    const pair = await startPair();
    try {
      const many = join(pair.directory, 'many');
      await mkdir(many);
      for (let i = 0; i < count; i += 1) await writeFile(join(many, `f${i}`), randomBytes(4096));
      const sent = await lftp(pair, `mirror -R --parallel=4 ${many} /`, 240_000);
      expect(sent).toMatchObject({ code: 0, err: '' });
      await idle(pair, 120_000);
      const there = await readdir(pair.out);
      expect(there.length).toBe(count);
      for (const name of there)
        expect((await readFile(join(many, name))).equals(await readFile(join(pair.out, name)))).toBe(true);
      expect(await expectOneStory(pair)).toBe(count);
    } finally {
      await pair.end();
    }
  }, 300_000);
});
