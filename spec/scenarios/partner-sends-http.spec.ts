import { randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isRight } from 'fp-ts/lib/Either.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashOf, makeFile } from '../support/big-file.ts';
import { run } from '../support/run.ts';
import { type Pair, password, startPair } from '../support/servers.ts';
import { expectOneStory, idle } from '../support/stories.ts';
import { until } from '../support/until.ts';
import { watchMemory } from '../support/watch-memory.ts';

type Told = { readonly transfer: string; readonly state: string; readonly ended: boolean; readonly sha256: string };

/** In the full tier 1 GB. */
const size = process.env.SALLYPORT_FULL === '1' ? 1e9 : 40e6;

describe('a partner sends over HTTP', () => {
  let pair: Pair;
  beforeAll(async () => {
    const responses = [{ kind: 'provide', channel: 'acme', directory: '/pickup' }];
    const moreProfiles = [{ name: 'provided', match: { channel: 'acme', name: 'for-*' }, responses }];
    pair = await startPair({ streamingSize: '64 KiB', moreProfiles });
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
  const secured = (...args: readonly string[]) =>
    run('curl', ['-q', '-sS', '--insecure', '--fail-with-body', '-u', `acme:${password}`, ...args], {
      within: 300_000,
    });
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

  it(`takes in ${size / 1e6} MB and gives them back, over https, while each server stays within 150 MB of its idle memory`, async () => {
    const [file, back] = [join(pair.directory, 'large'), join(pair.directory, 'back')];
    await makeFile(file, size);
    const url = `https://127.0.0.1:${pair.httpsPort}/c/acme/`;
    const more = await watchMemory(pair);
    expect(await secured('-T', file, `${url}for-us`)).toMatchObject({ code: 0, err: '' });
    const pickup = async () => (await secured(`${url}pickup/`)).out;
    await until('it is provided', async () => (await pickup()).includes('"for-us"'), 300_000);
    expect(await secured('-o', back, `${url}pickup/for-us`)).toMatchObject({ code: 0, err: '' });
    const most = more();
    expect(await hashOf(back)).toBe(await hashOf(file));
    console.log(`at most, more than idle: dmz ${most.dmz / 1e6} MB, inner ${most.inner / 1e6} MB`);
    expect(Math.max(most.dmz, most.inner)).toBeLessThan(150e6);
  }, 600_000);

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
    expect(await expectOneStory(pair)).toBe(4 + 2 + 1 + 1 + 2);
  });
});
