/** Programs that carry whole directories, with times. */
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { program } from '../../support/program.ts';
import { endpoint } from './endpoint.ts';

const names = ['a.bin', 'b c.txt', 'sub/\u00fc.txt', 'sub/deep/-x'];
const time = 1_700_000_000;

const tree = async () => {
  const opened = await endpoint();
  const directory = join(opened.place.directory, 'tree');
  await mkdir(join(directory, 'sub/deep'), { recursive: true });
  for (const name of names) {
    await writeFile(join(directory, name), randomBytes(70_000));
    await utimes(join(directory, name), time, time);
  }
  const expectThere = async (): Promise<void> => {
    for (const name of names) {
      const node = opened.memory.home('acme').nodes.get(`/there/${name}`);
      expect(node?.bytes.equals(await readFile(join(directory, name)))).toBe(true);
      expect(node?.modified).toBe(time * 1000);
    }
  };
  const expectBack = async (back: string): Promise<void> => {
    for (const name of names)
      expect((await readFile(join(back, name))).equals(await readFile(join(directory, name)))).toBe(true);
  };
  return { ...opened, directory, back: join(opened.place.directory, 'back'), expectThere, expectBack };
};

describe('lftp', () => {
  it('mirrors a directory there and back, four files at a time', async () => {
    const { place, directory, back, expectThere, expectBack } = await tree();
    const script = `set cmd:fail-exit yes; set ftp:ssl-allow no; set net:max-retries 1; mirror -R --parallel=4 ${directory} there; mirror --parallel=4 there ${back}; bye`;
    const ran = await program('lftp', [
      '--norc',
      '-e',
      script,
      '-u',
      'acme,secret',
      `ftp://${place.host}:${place.port}`,
    ]);
    expect(ran).toEqual({ code: 0, text: '' });
    await expectThere();
    await expectBack(back);
  });
});

describe('rclone', () => {
  it('copies a directory there and back, and finds no difference', async () => {
    const { place, directory, back, expectThere, expectBack } = await tree();
    const password = (await program('rclone', ['obscure', place.password])).text.trim();
    const remote = `:ftp,host=${place.host},port=${place.port},user=${place.login},pass=${password}:there`;
    const rclone = (...args: string[]) =>
      program('rclone', ['--config', '/dev/null', '--retries', '1', ...args], { env: { HOME: place.directory } });
    expect(await rclone('copy', directory, remote)).toMatchObject({ code: 0 });
    await expectThere();
    expect(await rclone('check', directory, remote, '--download')).toMatchObject({ code: 0 });
    expect(await rclone('copy', remote, back)).toMatchObject({ code: 0 });
    await expectBack(back);
  });
});
