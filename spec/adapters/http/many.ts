/** curl, so many times, without one failure. */
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { curlAs, type Scheme, urlOf } from './clients.ts';
import { endpoint } from './endpoint.ts';

/** Runs its uploads, downloads, resumed downloads and lists, a program each. */
export const manyTransfers = (times: number, scheme: Scheme): void => {
  describe(`curl over ${scheme}, ${times} times`, () => {
    const prepared = async () => {
      const opened = await endpoint(scheme === 'https' ? { protocol: 'https' } : {});
      const directory = join(opened.place.directory, 'files');
      await mkdir(directory);
      const files = Array.from({ length: times }, (_, i) => ({
        name: `file-${i}.bin`,
        local: join(directory, `file-${i}.bin`),
        // Empty, tiny, of several packets, and so large that leave to send it is asked for.
        bytes: randomBytes([0, 1, 80_000, 1_500_000][i % 4] ?? 0),
      }));
      const does = async (args: readonly string[]): Promise<string> => {
        const ran = await curlAs(opened.place, args);
        expect(ran).toMatchObject({ code: 0 });
        return ran.text;
      };
      const url = (name: string): string => urlOf(opened.place, name, scheme);
      return { ...opened, home: opened.memory.home('acme'), files, does, url };
    };

    it.each(['as it is', 'in chunks', 'in a form'])('puts %s', async (how) => {
      const { memory, files, does, url } = await prepared();
      // curl 7.88 never ends an empty body in chunks.
      const sent = how === 'in chunks' ? files.filter(({ bytes }) => bytes.length > 0) : files;
      for (const { local, name, bytes } of sent) {
        await writeFile(local, bytes);
        const chunked = how === 'in chunks' ? ['-H', 'Transfer-Encoding: chunked'] : [];
        await does(how === 'in a form' ? ['-F', `f=@${local}`, url('')] : [...chunked, '-T', local, url(name)]);
      }
      expect(memory.completed.map(({ path }) => path)).toEqual(sent.map(({ name }) => `/${name}`));
      expect(memory.completed.every((each, i) => each.bytes.equals(sent[i]?.bytes ?? Buffer.alloc(0)))).toBe(true);
    });

    it('gets, and all are picked up', async () => {
      const { memory, home, files, does, url } = await prepared();
      for (const { name, bytes } of files) home.putFile(`/${name}`, bytes);
      for (const { local, name } of files) await does(['-o', local, url(name)]);
      for (const { local, bytes } of files) expect((await readFile(local)).equals(bytes)).toBe(true);
      await memory.until(() => memory.closed.length === times);
      expect(memory.closed.filter((each) => !each.taken)).toEqual([]);
    });

    it('resumes downloads', async () => {
      const { home, files, does, url } = await prepared();
      const whole = randomBytes(50_000);
      for (const { name, local } of files) {
        home.putFile(`/${name}`, whole);
        await writeFile(local, whole.subarray(0, 20_000));
        await does(['-C', '-', '-o', local, url(name)]);
        expect((await readFile(local)).equals(whole)).toBe(true);
      }
    });

    it('lists', async () => {
      const { home, does, url } = await prepared();
      home.makeDirectory('/in');
      home.putFile('/in/orders.xml', Buffer.alloc(4711));
      for (let i = 0; i < times; i += 1) {
        const { entries } = JSON.parse(await does([url('in/')])) as { readonly entries: readonly object[] };
        expect(entries).toMatchObject([{ name: 'orders.xml', kind: 'file', size: 4711 }]);
      }
    });
  });
};
