import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isRight } from 'fp-ts/lib/Either.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { curlPut, lftp, openSsh } from '../support/clients.ts';
import { type Pair, password, startPair } from '../support/servers.ts';
import { expectOneStory, idle } from '../support/stories.ts';
import { until } from '../support/until.ts';

const size = 20_000_000;

describe('an upload over SFTP that is cut', () => {
  let pair: Pair;
  let file: string;
  let bytes: Buffer;
  beforeEach(async () => {
    pair = await startPair();
    file = join(pair.directory, 'big.bin');
    bytes = randomBytes(size);
    await writeFile(file, bytes);
  }, 60_000);
  afterEach(() => pair.end());

  /** What the partner sees of it: its size, or undefined. */
  const seen = async (): Promise<number | undefined> => {
    const listed = await openSsh(pair, ['-ls -ln big.bin']);
    return (
      Number(/^\S+\s+\S+\s+\S+\s+\S+\s+(\d+)/m.exec(listed.out.replace(/^sftp>.*$/m, ''))?.[1] ?? Number.NaN) ||
      undefined
    );
  };

  /** Sends slowly and is killed once some of it is there. */
  const cut = async (offset: number): Promise<void> => {
    const url = `sftp://127.0.0.1:${pair.sftpPort}/big.bin`;
    const args = ['-sS', '-k', '-u', `acme:${password}`, '--limit-rate', '8M', '-T', file, url];
    const child = spawn('curl', offset > 0 ? ['-C', String(offset), ...args] : args, { stdio: 'ignore' });
    await until('some of it is there', async () => ((await seen()) ?? 0) > offset + 2_000_000);
    child.kill('SIGKILL');
    await once(child, 'exit');
  };

  const settledSize = async (): Promise<number> => {
    let last = -1;
    return until('its size no longer grows', async () => {
      const now = (await seen()) ?? 0;
      const still = now === last;
      last = now;
      return still && now > 0 ? now : undefined;
    });
  };

  const expectArrived = async (): Promise<void> => {
    await idle(pair);
    expect(await readdir(pair.out)).toEqual(['big.bin']);
    expect(bytes.equals(await readFile(join(pair.out, 'big.bin')))).toBe(true);
    expect(await expectOneStory(pair)).toBe(1);
  };

  it('goes on where it was, three times, also after dmz was killed; only the rest is sent', async () => {
    await cut(0);
    const first = await settledSize();
    await cut(first);
    const second = await settledSize();
    expect(second).toBeGreaterThan(first);
    await pair.dmz.kill();
    await pair.dmz.start();
    const third = await settledSize();
    expect(third).toBeGreaterThan(1_000_000);
    const resumed = await openSsh(pair, [`reput ${file} big.bin`]);
    expect(resumed).toMatchObject({ code: 0 });
    await expectArrived();
  });

  it('goes on with lftp put -c', async () => {
    await cut(0);
    await settledSize();
    expect(await lftp(pair, `put -c ${file} -o big.bin`)).toMatchObject({ code: 0 });
    await expectArrived();
  });

  it('begins anew where the client sends it whole', async () => {
    await cut(0);
    await settledSize();
    expect(await curlPut(pair, file, '/big.bin')).toMatchObject({ code: 0 });
    await expectArrived();
  });

  it('is no transfer, and not delivered, while it is incomplete', async () => {
    await cut(0);
    await settledSize();
    const rows = await pair.dmz.control.list({ limit: 10 })();
    expect(isRight(rows) && rows.right).toEqual([]);
    expect(await openSsh(pair, ['get big.bin /dev/null'])).toMatchObject({ code: 1 });
    expect(await openSsh(pair, ['rm big.bin', '-ls big.bin'])).toMatchObject({ code: 0 });
    expect(await seen()).toBeUndefined();
  });
});
