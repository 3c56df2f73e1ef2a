import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isRight } from 'fp-ts/lib/Either.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { curlFtp } from '../support/clients.ts';
import { type Pair, password, startPair } from '../support/servers.ts';
import { expectOneStory, idle } from '../support/stories.ts';
import { until } from '../support/until.ts';

describe('a partner sends over FTP', () => {
  let pair: Pair;
  beforeAll(async () => {
    pair = await startPair({ streamingSize: '64 KiB' });
  }, 60_000);
  afterAll(() => pair.end());

  const local = async (name: string, bytes: Buffer | string): Promise<string> => {
    const file = join(pair.directory, name);
    await writeFile(file, bytes);
    return file;
  };
  const arrived = (name: string) => until(`${name} arrives`, () => readFile(join(pair.out, name)));

  it('delivers what curl puts, byte for byte, small and large', async () => {
    for (const size of [0, 1, 40_000, 20_000_000]) {
      const bytes = randomBytes(size);
      const put = await curlFtp(pair, `/size-${size}`, '-T', await local('sent', bytes));
      expect(put).toMatchObject({ code: 0, err: '' });
      expect(bytes.equals(await arrived(`size-${size}`))).toBe(true);
    }
  });

  it('keeps names with spaces, umlauts, CJK and emoji', async () => {
    for (const name of [
      'a b.txt',
      'U\u0308\u00fc.txt',
      '\u6f22\u5b57.txt',
      '\u{1f600}.txt',
      '-rf',
      'back\\slash',
      'x'.repeat(250),
    ]) {
      const put = await curlFtp(pair, `/${encodeURIComponent(name)}`, '-T', await local('named', name));
      expect(put).toMatchObject({ code: 0 });
      expect((await arrived(name)).toString()).toBe(name);
    }
  });

  it('makes a transfer of a temporary name only when it is renamed', async () => {
    const file = await local('late', 'complete');
    const rename = ['-Q', '-RNFR late.tmp', '-Q', '-RNTO late.xml'];
    expect(await curlFtp(pair, '/late.tmp', '-T', file, ...rename)).toMatchObject({ code: 0 });
    expect((await arrived('late.xml')).toString()).toBe('complete');
    expect((await readdir(pair.out)).filter((name) => name.startsWith('late'))).toEqual(['late.xml']);
  });

  it('shows the partner what it has delivered, and gives it back', async () => {
    const file = await local('doc', 'seen');
    expect(await curlFtp(pair, '/sub/doc', '--ftp-create-dirs', '-T', file)).toMatchObject({ code: 0 });
    expect((await curlFtp(pair, '/sub/')).out).toMatch(/ 4 .* doc/);
    expect((await curlFtp(pair, '/sub/doc')).out).toBe('seen');
    await arrived('doc');
  });

  it('goes on with an upload whose sender died', async () => {
    const bytes = randomBytes(20_000_000);
    const file = await local('big.bin', bytes);
    const url = `ftp://127.0.0.1:${pair.ftpPort}/big.bin`;
    const sender = spawn('curl', ['-sS', '-u', `acme:${password}`, '--limit-rate', '8M', '-T', file, url], {
      stdio: 'ignore',
    });
    const sizeSeen = async (): Promise<number> =>
      Number(/Content-Length: (\d+)/.exec((await curlFtp(pair, '/big.bin', '-I')).out)?.[1] ?? 0);
    await until('some of it is there', async () => (await sizeSeen()) > 2_000_000);
    sender.kill('SIGKILL');
    await once(sender, 'exit');
    expect(await curlFtp(pair, '/big.bin', '-C', '-', '-T', file)).toMatchObject({ code: 0, err: '' });
    expect(bytes.equals(await arrived('big.bin'))).toBe(true);
    const rows = await pair.dmz.control.list({ limit: 100 })();
    expect(isRight(rows) && rows.right.filter((row) => row.name === 'big.bin')).toHaveLength(1);
  });

  it('ends with one story in both logs', async () => {
    await idle(pair);
    expect(await expectOneStory(pair)).toBeGreaterThan(10);
  });
});
