import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openDisk } from '../../support/disk-payloads.ts';
import { bytesOf, succeeded } from '../../support/outcome.ts';
import { scratch } from '../../support/scratch.ts';

const key = 'dmz1.0abc';
const piece = 32 * 1024;

/** The n-th piece of the payload that the child writes. */
const pieceOf = (n: number): Buffer => Buffer.alloc(piece, `piece ${n};`);

const program = `
  import { diskPayloads } from ${JSON.stringify(new URL('../../../dist/adapters/payloads/disk.js', import.meta.url).href)};
  const [directory, pieces] = [process.argv[1], Number(process.argv[2])];
  const store = await diskPayloads({ directory, onFatal: (error) => { throw error; } });
  const start = process.memoryUsage.rss();
  let peak = start;
  const writer = (await store.write('${key}')()).right;
  for (let n = 0; n < pieces; n += 1) {
    const wrote = await writer.write(n * ${piece}, Buffer.alloc(${piece}, 'piece ' + n + ';'))();
    if (wrote._tag === 'Left') throw new Error(wrote.left.text);
    peak = Math.max(peak, process.memoryUsage.rss());
    if (n % 256 === 255) { console.log('taken ' + (n + 1)); await new Promise(setImmediate); }
  }
  console.log('done ' + JSON.stringify({ ...(await writer.commit()()).right, grown: peak - start }));
`;

const run = (directory: string, pieces: number) => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, directory, String(pieces)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return { child, lines: createInterface({ input: child.stdout }) };
};

describe('payloads on disk, written by another process', () => {
  it('leave nothing but an unfinished one when it is killed, and that goes on', async () => {
    const directory = await scratch();
    const { child, lines } = run(directory, 1_000_000);
    let taken = 0;
    for await (const line of lines) {
      taken = Number(line.split(' ')[1]);
      if (taken >= 2048) break;
    }
    child.kill('SIGKILL');
    await once(child, 'exit');

    const { store, shard } = await openDisk({ directory });
    expect(await readdir(shard(key))).toEqual([`${key}.partial`]);
    const writer = await succeeded(store.write(key, { resume: true }));
    expect(writer.size).toBeGreaterThanOrEqual(taken * piece - 5 * 1024 * 1024);
    const total = Math.ceil(writer.size / piece) + 100;
    const whole = Buffer.concat(Array.from({ length: total }, (_, n) => pieceOf(n)));
    await succeeded(writer.write(writer.size, whole.subarray(writer.size)));
    const sha256 = createHash('sha256').update(whole).digest('hex');
    expect(await succeeded(writer.commit())).toEqual({ size: whole.length, sha256 });
    expect((await bytesOf(await succeeded(store.read(key)))).equals(whole)).toBe(true);
  });

  it('of 300 MB take no more memory than small ones', async () => {
    const directory = await scratch();
    const { lines } = run(directory, 9_600);
    let last = '';
    for await (const line of lines) last = line;
    const result = JSON.parse(last.slice('done '.length)) as { size: number; sha256: string; grown: number };
    expect(result.size).toBe(9_600 * piece);
    expect(result.grown).toBeLessThan(100 * 1024 * 1024);

    const { store } = await openDisk({ directory });
    const hash = createHash('sha256');
    for await (const chunk of await succeeded(store.read(key))) hash.update(chunk);
    expect(hash.digest('hex')).toBe(result.sha256);
  });
});
