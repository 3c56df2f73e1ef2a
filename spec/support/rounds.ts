/** What every partner's program must get done, again and again: upload, list, rename, download, and go on after a cut. */
import { randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Pair } from './servers.ts';
import type { Job, Program } from './sftp-programs.ts';
import { idle } from './stories.ts';
import { until } from './until.ts';

/** Uploads the first bytes of a file and breaks the connection. */
export type Cut = (pair: Pair, local: string, remote: string, bytes: number) => Promise<void>;

const perSession = 10;

/** So many transfers by one program, each checked in the partner's view and in what inner delivered. */
export const rounds = async (pair: Pair, program: Program, count: number, cut: Cut): Promise<void> => {
  const tag = program.name.replaceAll(/\W/g, '');
  const before = (await readdir(pair.out)).length;
  const names = Array.from({ length: count }, (_, i) => `${tag}-${i}.dat`);
  const local = (name: string) => join(pair.directory, name);
  for (const [i, name] of names.entries())
    await writeFile(local(name), randomBytes(i % 5 === 0 ? 300_000 : 1 + i * 37));
  for (let i = 0; i < count; i += perSession) {
    const batch = names.slice(i, i + perSession);
    const jobs: Job[] = [];
    for (const [j, name] of batch.entries()) {
      const resumed = program.resumes && j === 0;
      if (resumed) await cut(pair, local(name), `/${name}`, 100_000);
      jobs.push({ do: resumed ? 'reput' : 'put', local: local(name), remote: `/${name}` });
      jobs.push({ do: 'get', local: `${local(name)}.back`, remote: `/${name}` });
      jobs.push({ do: 'rename', from: `/${name}`, to: `/seen-${name}` });
    }
    jobs.push({ do: 'list', directory: '' });
    const ran = await program.perform(pair, jobs);
    expect(ran, `${program.name}, transfers ${i} to ${i + batch.length}: ${ran.err}`).toMatchObject({ code: 0 });
    for (const name of batch) {
      expect(ran.out, `${program.name} lists ${name}`).toContain(`seen-${name}`);
      expect((await readFile(local(name))).equals(await readFile(`${local(name)}.back`))).toBe(true);
    }
  }
  await idle(pair, 300_000);
  for (const name of names) {
    const delivered = await until(`${name} is delivered`, () => readFile(join(pair.out, name)));
    expect(delivered.equals(await readFile(local(name)))).toBe(true);
  }
  expect((await readdir(pair.out)).length).toBe(before + count);
};
