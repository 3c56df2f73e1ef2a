import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isLeft } from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { placeOf } from '../../adapters/payloads/layout.ts';
import { systemIds } from '../../adapters/shared/ids.ts';
import { keyOf } from '../../domain/payload.ts';
import { encode } from '../../domain/transfer/codec.ts';
import { eventName, transferStream } from '../../domain/transfer/event-id.ts';
import type { TransferEvent } from '../../domain/transfer/vocabulary.ts';
import { curlPut } from '../support/clients.ts';
import { openLogOf } from '../support/log-of.ts';
import { residentBytes } from '../support/memory.ts';
import { linked, type Pair, type Server, startPair } from '../support/servers.ts';
import { until } from '../support/until.ts';

const MB = 1e6;
const ids = systemIds();

/** Puts waiting transfers into the log and the store of a dmz that does not run, as if partners had sent them. */
const fill = async (dmz: Server, count: number): Promise<void> => {
  const log = await openLogOf(dmz);
  const append = async (i: number): Promise<void> => {
    const id = ids.fresh();
    const bytes = `waiting ${i}`;
    const payload = {
      key: keyOf('dmz-1', id),
      size: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
    };
    const { file } = placeOf(join(dmz.data, 'transfer'), payload.key);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, bytes);
    const meta = { origin: 'dmz-1', originSeq: 1, at: Date.now(), run: 0, attempt: 0, step: 'receive' };
    const [path, name] = [`/w${i}`, `w${i}`];
    const event: TransferEvent = {
      type: 'received',
      id: ids.uuid(eventName(transferStream(id), 'received', meta)),
      meta,
      data: { channel: 'acme', protocol: 'sftp', path, name, payload, by: { login: 'acme' } },
    };
    const done = await log.append(transferStream(id), [encode(event)], { expected: 'noStream' })();
    if (isLeft(done)) throw new Error(done.left.text);
  };
  for (let i = 0; i < count; i += 1000)
    await Promise.all(Array.from({ length: Math.min(1000, count - i) }, (_, j) => append(i + j)));
  await log.close();
};

/** Starts dmz with so many transfers waiting, delivers some of them, and gives the most memory that dmz took. */
const measure = async (pair: Pair, count: number): Promise<{ readonly most: number; readonly readyMs: number }> => {
  await fill(pair.dmz, count);
  let most = 0;
  const started = Date.now();
  const watch = setInterval(() => {
    void residentBytes(pair.dmz.pid()).then((bytes) => {
      most = Math.max(most, bytes);
    });
  }, 200);
  try {
    await pair.dmz.start({ within: 1_200_000 });
    const readyMs = Date.now() - started;
    await writeFile(join(pair.directory, 'now'), 'now');
    expect(await curlPut(pair, join(pair.directory, 'now'), `/now${count}`)).toMatchObject({ code: 0 });
    expect((await pair.dmz.status()).open).toBeGreaterThan(count);
    await pair.inner.start();
    await linked(pair);
    const wanted = (await readdir(pair.out)).length + 3_000;
    await until('3,000 of them are delivered', async () => (await readdir(pair.out)).length >= wanted, 600_000);
    console.log(`${count} waiting: ready after ${readyMs} ms, at most ${Math.round(most / MB)} MB`);
    return { most, readyMs };
  } finally {
    clearInterval(watch);
    await pair.inner.kill();
    await pair.dmz.kill();
  }
};

describe('transfers that wait for inner', () => {
  it('are rows: with 1,000,000 of them dmz starts, serves and delivers with the memory that it takes with 10,000', async () => {
    const pair = await startPair();
    try {
      await pair.inner.stop();
      await pair.dmz.stop();
      const few = await measure(pair, 10_000);
      const many = await measure(pair, 1_000_000);
      expect(many.most - few.most).toBeLessThan(100 * MB);
    } finally {
      await pair.end();
    }
  }, 3_600_000);
});
