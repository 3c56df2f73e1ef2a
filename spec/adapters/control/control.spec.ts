import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { right } from 'fp-ts/lib/Either.js';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { controlClient } from '../../../adapters/control/client.ts';
import { type ControlServer, serveControl } from '../../../adapters/control/server.ts';
import { createLog } from '../../../adapters/shared/log.ts';
import type { EventLine } from '../../../domain/control.ts';
import type { TransferEvent } from '../../../domain/transfer/vocabulary.ts';
import { fakeControl, line, transferRow } from '../../support/fake-control.ts';

const logged: string[] = [];
const log = createLog({ level: 'debug', format: 'text', write: (each) => logged.push(each), clock: { now: () => 0 } });
const held: TransferEvent = {
  id: '6fa459ea-ee8a-5ca4-894e-db77e160355e',
  type: 'held',
  data: { code: 'noProfile', reason: 'no profile takes it' },
  meta: { origin: 'inner', at: 1, run: 0, attempt: 0, step: 'process' },
};

let data = '';
let open: ControlServer[] = [];
const serve = async (fake = fakeControl(), where = data) => {
  open.push(await serveControl({ data: where, control: fake.control, log }));
  return fake;
};
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'sallyport-control-'));
});
afterEach(async () => {
  await Promise.all(open.map((each) => each.close()));
  open = [];
  rmSync(data, { recursive: true });
});

describe('the control socket', () => {
  it('carries each question and its answer', async () => {
    const row = transferRow('abc', { reason: 'no profile', ended: false });
    const { asked } = await serve(fakeControl([row], [held]));
    const client = controlClient(data);
    expect(await client.status()()).toMatchObject({ right: { role: 'inner', residentBytes: 50 * 1024 * 1024 } });
    expect(await client.list({ limit: 5, open: true })()).toEqual(right([row]));
    expect(await client.show('abc')()).toEqual(right({ row, events: [held] }));
    expect(await client.order('abc', 'release', 'mended', 'root')()).toEqual(right('release was recorded'));
    expect(asked).toEqual([
      { limit: 5, open: true },
      { id: 'abc', what: 'release', reason: 'mended', login: 'root' },
    ]);
  });

  it('carries refusals', async () => {
    await serve();
    expect(await controlClient(data).show('abc')()).toMatchObject({
      left: { reason: 'notFound', text: 'there is no transfer abc' },
    });
    expect(await controlClient(data).show('../x')()).toMatchObject({ left: { reason: 'invalid' } });
    expect(await controlClient(data).list({ limit: 1e9 })()).toMatchObject({ left: { reason: 'invalid' } });
    expect(await controlClient(data).order('abc', 'retry', 'x'.repeat(100_000), 'root')()).toMatchObject({
      left: { reason: 'invalid' },
    });
  });

  it('streams events until the asker has enough, and then lets go of the source', async () => {
    const fake = await serve();
    const enough = new AbortController();
    const seen: EventLine[] = [];
    const reading = (async () => {
      for await (const each of controlClient(data).events(enough.signal)) seen.push(each);
    })();
    await vi.waitFor(() => expect(fake.listeners()).toBe(1));
    fake.record(line('ä b.txt'));
    await vi.waitFor(() => expect(seen).toEqual([line('ä b.txt')]));
    enough.abort();
    await reading;
    await vi.waitFor(() => expect(fake.listeners()).toBe(0));
  });

  it('ends the stream of events when the server closes', async () => {
    const fake = await serve();
    const reading = (async () => {
      for await (const each of controlClient(data).events(new AbortController().signal)) throw new Error(each.name);
    })();
    await vi.waitFor(() => expect(fake.listeners()).toBe(1));
    await open.pop()?.close();
    await expect(reading).resolves.toBeUndefined();
  });

  it("is its owner's alone, and gone once closed", async () => {
    await serve();
    expect(statSync(join(data, 'control.sock')).mode & 0o777).toBe(0o600);
    expect(readdirSync(data)).toEqual(['control.sock']);
    await open.pop()?.close();
    expect(readdirSync(data)).toEqual([]);
  });

  it("takes the place of a dead server's socket", async () => {
    const dead = createServer();
    await new Promise<void>((resolve) => dead.listen(join(data, 'dead'), resolve));
    renameSync(join(data, 'dead'), join(data, 'control.sock'));
    await new Promise((resolve) => dead.close(resolve));
    expect(await controlClient(data).status()()).toMatchObject({ left: { text: `no server is running on ${data}` } });
    await serve();
    expect(await controlClient(data).status()()).toMatchObject({ _tag: 'Right' });
  });

  it('works under a data directory whose path is too long for a socket', async () => {
    const deep = join(data, 'x'.repeat(120), 'y'.repeat(120));
    mkdirSync(deep, { recursive: true });
    await serve(fakeControl(), deep);
    expect(await controlClient(deep).status()()).toMatchObject({ _tag: 'Right' });
    expect(statSync(join(deep, 'control.sock')).mode & 0o777).toBe(0o600);
  });

  it('outlives those who speak no HTTP or too much of it', async () => {
    await serve();
    for (const bytes of [
      '\0\u0001\u0002',
      `POST /list HTTP/1.1\r\nhost: x\r\ncontent-length: 900000\r\n\r\n${'x'.repeat(900_000)}`,
    ]) {
      const socket = connect(join(data, 'control.sock')).on('error', () => undefined);
      const closed = new Promise((resolve) => socket.once('close', resolve));
      socket.resume().end(bytes);
      await closed;
    }
    expect(await controlClient(data).status()()).toMatchObject({ _tag: 'Right' });
  });
});

describe('asking where no server answers', () => {
  it('says that none is running', async () => {
    expect(await controlClient(data).status()()).toMatchObject({
      left: { reason: 'unavailable', text: `no server is running on ${data}` },
    });
    const events = controlClient(join(data, 'gone')).events(new AbortController().signal);
    await expect(events[Symbol.asyncIterator]().next()).rejects.toThrow(`no server is running on ${data}/gone`);
  });

  it.each([
    ['answers nonsense', '{"answer":{"role":7}}'],
    ['answers no JSON', 'hello'],
  ])('refuses a server that %s', async (_, body) => {
    const other = createServer((_request, response) => response.end(body));
    await new Promise<void>((resolve) => other.listen(join(data, 'control.sock'), resolve));
    expect(await controlClient(data).status()()).toMatchObject({
      left: { text: expect.stringContaining('no usable answer') as string },
    });
    await new Promise((resolve) => other.close(resolve));
  });
});
