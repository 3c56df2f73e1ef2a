import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { left, right } from 'fp-ts/lib/Either.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { controlClient } from '../../../adapters/control/client.ts';
import { type ControlServer, serveControl } from '../../../adapters/control/server.ts';
import { createLog } from '../../../adapters/shared/log.ts';
import type { Control } from '../../../domain/control.ts';
import { refusal } from '../../../domain/failure.ts';
import { fakeControl } from '../../support/fake-control.ts';
import { until } from '../../support/until.ts';

const mebibyte = 1024 * 1024;
const request = { channel: 'acme', directory: '/in', name: 'a.xml', viaDmz: true, size: 0, login: 'root' };
const log = createLog({ level: 'error', format: 'text', write: () => undefined, clock: { now: () => 0 } });

let data = '';
let server: ControlServer | undefined;
const serve = async (send: Control['send']): Promise<Control> => {
  server = await serveControl({ data, control: { ...fakeControl().control, send }, log });
  return controlClient(data);
};
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'sallyport-control-'));
});
afterEach(async () => {
  await server?.close();
  rmSync(data, { recursive: true });
});

/** Bytes without end, counted as they are taken. */
const endless = () => {
  const counted = { blocks: 0, ended: false };
  const bytes = (async function* () {
    try {
      for (;;) {
        await Promise.resolve();
        counted.blocks += 1;
        yield Buffer.alloc(mebibyte);
      }
    } finally {
      counted.ended = true;
    }
  })();
  return { counted, bytes };
};

describe('a transmission over the control socket', () => {
  it('reaches the server no faster than that takes it', async () => {
    const { counted, bytes } = endless();
    let taken = 0;
    let most = 0;
    const control = await serve((_, source) => async () => {
      for await (const chunk of source) {
        taken += chunk.length;
        most = Math.max(most, counted.blocks * mebibyte - taken);
        if (taken >= 64 * mebibyte) break;
      }
      return right('a'.repeat(26));
    });
    expect(await control.send(request, bytes)()).toEqual(right('a'.repeat(26)));
    expect(most).toBeLessThan(4 * mebibyte);
    await until('the source is let go', () => counted.ended);
  });

  it('hears a refusal that comes before the bytes, and one that comes amid them', async () => {
    const noRoom = left(refusal('noSpace', 'there is no room'));
    let reads = 0;
    const control = await serve((_, source) => async () => {
      for (const taking = source[Symbol.asyncIterator](); reads > 0; reads -= 1) await taking.next();
      return noRoom;
    });
    const first = endless();
    expect(await control.send(request, first.bytes)()).toEqual(noRoom);
    expect(first.counted.blocks).toBe(0);
    reads = 10;
    const second = endless();
    expect(await control.send(request, second.bytes)()).toEqual(noRoom);
    await until('the source is let go', () => second.counted.ended);
  });

  it('is whole or nothing: bytes that break off are known to', async () => {
    let seen: unknown;
    const control = await serve((_, source) => async () => {
      try {
        for await (const chunk of source) seen = chunk.length;
        seen = 'a good end';
      } catch (error) {
        seen = error;
        throw error;
      }
      return right('a'.repeat(26));
    });
    const cut = (async function* () {
      await Promise.resolve();
      yield Buffer.alloc(10);
      throw new Error('the file broke');
    })();
    expect(await control.send(request, cut)()).toMatchObject({
      left: { reason: 'unavailable', text: expect.stringContaining('the file broke') as string },
    });
    await until('the server knows', () => seen instanceof Error);
  });

  it('refuses what is no request', async () => {
    const control = await serve(() => () => Promise.resolve(right('a'.repeat(26))));
    expect(await control.send({ ...request, channel: '../x' }, endless().bytes)()).toMatchObject({
      left: { reason: 'invalid' },
    });
  });

  it('takes names and directories of any letters, as long as they may be', async () => {
    let asked: unknown;
    const control = await serve((what) => () => {
      asked = what;
      return Promise.resolve(right('a'.repeat(26)));
    });
    const long = { ...request, name: '名'.repeat(85), directory: `/${'&?#%é'.repeat(300)}` };
    expect(await control.send(long, endless().bytes)()).toEqual(right('a'.repeat(26)));
    expect(asked).toEqual(long);
  });
});
