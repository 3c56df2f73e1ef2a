import { randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isRight } from 'fp-ts/lib/Either.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../support/run.ts';
import { type Pair, password, startPair } from '../support/servers.ts';
import { expectOneStory, idle } from '../support/stories.ts';
import { until } from '../support/until.ts';

type Told = { readonly transfer: string; readonly state: string; readonly ended: boolean; readonly sha256: string };

describe('a partner sends over HTTP', () => {
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
  const curl = (path: string, ...args: readonly string[]) => {
    const url = `http://127.0.0.1:${pair.httpPort}/c/acme/${path}`;
    return run('curl', ['-q', '-sS', '--fail-with-body', '-u', `acme:${password}`, ...args, url]);
  };
  const put = async (path: string, file: string, ...more: readonly string[]): Promise<Told> => {
    const ran = await curl(path, '-T', file, ...more);
    expect(ran).toMatchObject({ code: 0, err: '' });
    return JSON.parse(ran.out) as Told;
  };
  const named = async (name: string) => {
    const rows = await pair.dmz.control.list({ limit: 1000 })();
    return isRight(rows) ? rows.right.filter((row) => row.name === name) : [];
  };

  it('delivers what curl puts, byte for byte, small and large, and tells of its end', async () => {
    for (const size of [0, 1, 40_000, 20_000_000]) {
      const bytes = randomBytes(size);
      const told = await put(`size-${size}?wait=30s`, await local('sent', bytes));
      expect(told).toMatchObject({ state: 'acknowledged', ended: true });
      // Processed: its response is delivered at the same time.
      const arrived = await until('it arrives', () => readFile(join(pair.out, `size-${size}`)));
      expect(arrived.equals(bytes)).toBe(true);
      expect(JSON.parse((await curl(`.transfers/${told.transfer}`)).out)).toEqual(told);
    }
  });

  it('shows the partner what it has delivered, and gives it back', async () => {
    await put('doc', await local('doc', 'seen'));
    expect((await curl('')).out).toMatch(/"name":"doc","kind":"file","size":4,/);
    expect((await curl('doc')).out).toBe('seen');
  });

  it('makes one transfer of a request with a key, however often and at the same time it is made', async () => {
    const file = await local('keyed', randomBytes(300_000));
    const all = await Promise.all(
      Array.from({ length: 20 }, () => curl('keyed.bin', '-T', file, '-H', 'Idempotency-Key: one')),
    );
    // Those that met a running one were told to ask again.
    for (const ran of all) expect(ran.out).toMatch(/"transfer":|"status":409/);
    const again = await put('keyed.bin', file, '-H', 'Idempotency-Key: one');
    const told = all.flatMap(({ out }) => /"transfer":"(\w+)"/.exec(out)?.[1] ?? []);
    expect(new Set([...told, again.transfer]).size).toBe(1);
    expect(await named('keyed.bin')).toHaveLength(1);
  });

  it.each([
    ['payload.link.after', 'with a key', ['-H', 'Idempotency-Key: before the record']],
    ['reply.before', 'without', []],
  ] as const)(
    'makes one transfer where dmz dies at %s and the partner sends again, %s',
    async (fault, how, more) => {
      const name = `${fault} ${how}`;
      const file = await local('again', name);
      await pair.dmz.stop();
      await pair.dmz.start({ env: { SALLYPORT_FAULT: `${fault}@1` } });
      const path = encodeURIComponent(name);
      expect((await curl(path, '-T', file, ...more)).code).not.toBe(0);
      expect(await pair.dmz.ended()).toBe('SIGKILL');
      await pair.dmz.start();
      await put(path, file, ...more);
      await until('it arrives', async () => (await readdir(pair.out)).includes(name));
      await idle(pair);
      expect(await named(name)).toHaveLength(1);
      expect((await readdir(pair.out)).filter((each) => each.startsWith(name))).toEqual([name]);
    },
    60_000,
  );

  it('ends with one story in both logs', async () => {
    await idle(pair);
    expect(await expectOneStory(pair)).toBe(4 + 1 + 1 + 2);
  });
});
