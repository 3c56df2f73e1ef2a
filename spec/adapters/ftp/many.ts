/** Each of the programs, so many times, without one failure. */
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { endpoint } from './endpoint.ts';
import { partners, type Security, tlsPartners, type Wish } from './programs.ts';

/** More would not fit into one command line, nor into the time that a program has. */
const atOnce = 50;

/** Runs each program's uploads, downloads, lists, renames and resumes. */
export const manyTransfers = (times: number, security?: Security): void => {
  const how = security === undefined ? '' : ` over ${security.mode} TLS ${security.version}`;
  describe.each(security === undefined ? partners : tlsPartners)(`$name${how}, ${times} times`, ({ name, run }) => {
    // basic-ftp 6.2.3 ends the data of an empty file before its TLS handshake is over: that cannot be told from a cut.
    const smallest = name === 'basic-ftp' && security !== undefined ? 2 : 0;
    const prepared = async (size = 20_000) => {
      const opened = await endpoint(security === undefined ? {} : { protocol: 'ftps', mode: security.mode });
      const directory = join(opened.place.directory, 'files');
      await mkdir(directory);
      const files = Array.from({ length: times }, (_, i) => ({
        name: `file-${i}.bin`,
        local: join(directory, `file-${i}.bin`),
        // Empty, tiny, and of several packets.
        bytes: randomBytes([smallest, 1, size, size * 4][i % 4] ?? 0),
      }));
      const does = async (wishes: readonly Wish[]): Promise<string> => {
        let text = '';
        for (let i = 0; i < wishes.length; i += atOnce) {
          const done = await run(opened.place, wishes.slice(i, i + atOnce), security);
          expect(done).toMatchObject({ ok: true });
          text += done.text;
        }
        return text;
      };
      const home = opened.memory.home('acme');
      return { ...opened, home, files, does };
    };

    it('puts', async () => {
      const { memory, files, does } = await prepared();
      for (const { local, bytes } of files) await writeFile(local, bytes);
      await does(files.map(({ local, name }) => ({ kind: 'put', local, remote: name, from: 0 })));
      expect(memory.completed.map(({ path, bytes }) => [path, bytes.toString('hex')])).toEqual(
        files.map(({ name, bytes }) => [`/${name}`, bytes.toString('hex')]),
      );
    });

    it('gets', async () => {
      const { home, files, does } = await prepared();
      for (const { name, bytes } of files) home.putFile(`/${name}`, bytes);
      await does(files.map(({ local, name }) => ({ kind: 'get', local, remote: name, from: 0 })));
      for (const { local, bytes } of files) expect((await readFile(local)).equals(bytes)).toBe(true);
    });

    it('lists', async () => {
      const { home, does } = await prepared();
      home.makeDirectory('/in');
      home.putFile('/in/orders.xml', Buffer.alloc(4711));
      const text = await does(Array.from({ length: times }, () => ({ kind: 'list', directory: 'in' })));
      expect([...text.matchAll(/orders\.xml/g)].length).toBeGreaterThanOrEqual(times);
      expect([...text.matchAll(/4711/g)].length).toBeGreaterThanOrEqual(times);
    });

    it('renames', async () => {
      const { home, files, does } = await prepared();
      for (const { name, bytes } of files) home.putFile(`/${name}`, bytes);
      await does(files.map(({ name }) => ({ kind: 'rename', from: name, to: `new-${name}` })));
      expect([...home.nodes.keys()].sort()).toEqual(['/', ...files.map(({ name }) => `/new-${name}`)].sort());
    });

    it('resumes uploads', async () => {
      const { memory, home, files, does } = await prepared();
      const whole = randomBytes(50_000);
      for (const { name, local } of files) {
        await writeFile(local, whole);
        home.partials.set(`/${name}`, Buffer.from(whole.subarray(0, 20_000)));
      }
      await does(files.map(({ local, name }) => ({ kind: 'put', local, remote: name, from: 20_000 })));
      expect(memory.completed.filter(({ bytes }) => bytes.equals(whole))).toHaveLength(times);
      expect(memory.resumed).toHaveLength(times);
    });

    it('resumes downloads', async () => {
      const { home, files, does } = await prepared();
      const whole = randomBytes(50_000);
      for (const { name, local } of files) {
        home.putFile(`/${name}`, whole);
        await writeFile(local, whole.subarray(0, 20_000));
      }
      await does(files.map(({ local, name }) => ({ kind: 'get', local, remote: name, from: 20_000 })));
      for (const { local } of files) expect((await readFile(local)).equals(whole)).toBe(true);
    });
  });
};
