import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { basic, curlAs, dial, urlOf } from './clients.ts';
import { endpoint } from './endpoint.ts';

const content = Buffer.from('0123456789');
const sha256 = createHash('sha256').update(content).digest();
const etag = `"${sha256.toString('hex')}"`;
const modified = Date.UTC(2026, 0, 2, 3, 4, 5);
const date = new Date(modified).toUTCString();

const world = async (settings?: Readonly<Record<string, unknown>>) => {
  const opened = await endpoint(settings);
  opened.memory.home('acme').putFile('/a.txt', content, modified);
  const { place } = opened;
  const request = (method: string, more: readonly string[] = [], path = 'a.txt'): string =>
    `${method} /c/acme/${path} HTTP/1.1\r\nHost: x\r\n${basic(place)}${more.map((each) => `${each}\r\n`).join('')}\r\n`;
  return { ...opened, request };
};

describe('a file that is got', () => {
  it('comes with what tells it from others', async () => {
    const { place, request } = await world();
    const answer = await (await dial(place)).ask(request('GET'));
    expect([answer.status, answer.body]).toEqual([200, String(content)]);
    for (const line of [
      `etag: ${etag}`,
      `last-modified: ${date}`,
      `repr-digest: sha-256=:${sha256.toString('base64')}:`,
    ])
      expect(answer.head.toLowerCase()).toContain(line.toLowerCase());
  });

  it('can be looked at without its bytes', async () => {
    const { memory, place } = await world();
    const ran = await curlAs(place, ['-I', urlOf(place, 'a.txt')]);
    expect(ran.text).toMatch(/HTTP\/1\.1 200 OK[\s\S]*content-length: 10/i);
    expect(memory.closed).toEqual([{ path: '/a.txt', taken: false }]);
  });

  it.each([
    [['Range: bytes=2-4'], 206, '234'],
    [['Range: bytes=7-'], 206, '789'],
    [['Range: bytes=-2'], 206, '89'],
    [['Range: bytes=-200'], 206, '0123456789'],
    [['Range: bytes=5-500'], 206, '56789'],
    [['Range: bytes=4-2'], 200, '0123456789'],
    [['Range: bytes=0-1,5-2'], 200, '0123456789'],
    [['Range: bytes=0-6,2-9'], 200, '0123456789'],
    [[`Range: bytes=${'0-0,'.repeat(16)}-1`], 200, '0123456789'],
    [['Range: bytes=8-9,20-'], 206, '89'],
    [['Range: lines=1-2'], 200, '0123456789'],
    [['Range: bytes=-'], 200, '0123456789'],
    [['Range: bytes=7-', `If-Range: ${etag}`], 206, '789'],
    [['Range: bytes=7-', `If-Range: ${date}`], 206, '789'],
    [['Range: bytes=7-', 'If-Range: "other"'], 200, '0123456789'],
    [['Range: bytes=7-', `If-Range: W/${etag}`], 200, '0123456789'],
    [[`If-Match: "other", ${etag}`], 200, '0123456789'],
    [['If-None-Match: "other"'], 200, '0123456789'],
    [['If-Modified-Since: nonsense'], 200, '0123456789'],
  ] as const)('with %j is answered %i', async (lines, status, body) => {
    const { place, request } = await world();
    const answer = await (await dial(place)).ask(request('GET', lines));
    expect([answer.status, answer.body]).toEqual([status, body]);
  });

  it.each([
    [['Range: bytes=10-'], 416],
    [['Range: bytes=-0'], 416],
    [['If-Match: "other"'], 412],
    [[`If-None-Match: ${etag}`], 304],
    [['If-None-Match: *'], 304],
    [[`If-Modified-Since: ${date}`], 304],
  ] as const)('with %j is not sent, but answered %i', async (lines, status) => {
    const { memory, place, request } = await world();
    const hand = await dial(place);
    const answer = await hand.ask(request('GET', lines));
    expect(answer.status).toBe(status);
    expect(answer.body).not.toContain('0123');
    if (status === 416) expect(answer.head).toMatch(/content-range: bytes \*\/10/i);
    expect(memory.closed).toEqual([{ path: '/a.txt', taken: false }]);
    expect((await hand.ask(request('GET'))).status).toBe(200);
  });

  it('is not there, or is a directory', async () => {
    const { memory, place, request } = await world();
    memory.home('acme').makeDirectory('/in');
    const hand = await dial(place);
    expect((await hand.ask(request('GET', [], 'none'))).status).toBe(404);
    expect((await hand.ask(request('GET', [], 'in'))).status).toBe(409);
    expect((await hand.ask(request('GET', [], 'in/'))).status).toBe(200);
  });

  it('cannot be deleted or renamed here', async () => {
    const { place, request } = await world();
    const answer = await (await dial(place)).ask(request('DELETE'));
    expect(answer.status).toBe(405);
    expect(answer.head).toMatch(/allow: GET, HEAD, PUT, POST/i);
  });
});

describe('that a file was picked up', () => {
  it('is clear once its reader asks for more', async () => {
    const { memory, place, request } = await world();
    const hand = await dial(place);
    await hand.ask(request('GET'));
    expect(memory.closed).toEqual([]);
    await hand.ask(request('GET', [], ''));
    expect(memory.closed).toEqual([{ path: '/a.txt', taken: true }]);
  });

  it('is clear once its reader has said goodbye', async () => {
    const { memory, place } = await world();
    expect(await curlAs(place, [urlOf(place, 'a.txt')])).toMatchObject({ code: 0 });
    await memory.until(() => memory.closed.length > 0);
    expect(memory.closed).toEqual([{ path: '/a.txt', taken: true }]);
    await memory.until(() => memory.orderly.length > 0);
    expect(memory.orderly).toEqual([true]);
  });

  it('is taken for so where the connection has been quiet for its time', async () => {
    const { memory, place, request } = await world({ keepAlive: '100ms' });
    const hand = await dial(place);
    await hand.ask(request('GET'));
    await hand.ended;
    await memory.until(() => memory.orderly.length > 0);
    expect([memory.closed, memory.orderly]).toEqual([[{ path: '/a.txt', taken: true }], [false]]);
  });

  it('is not where the connection is reset, before the end of the file or after it', async () => {
    const { memory, place, request } = await world();
    const hand = await dial(place);
    await hand.ask(request('GET'));
    hand.socket.resetAndDestroy();
    await memory.until(() => memory.closed.length > 0);
    memory.home('acme').putFile('/big', randomBytes(30_000_000), 0);
    const second = await dial(place);
    second.socket.pause();
    second.send(request('GET', [], 'big'));
    await memory.until(() => memory.sessions() === 1);
    second.socket.resetAndDestroy();
    await memory.until(() => memory.closed.length > 1);
    expect(memory.closed.map((each) => each.taken)).toEqual([false, false]);
  });

  it('is not where its reader stops reading', async () => {
    const { memory, place, request } = await world({ idleTimeout: '100ms' });
    memory.home('acme').putFile('/big', randomBytes(30_000_000), 0);
    const hand = await dial(place);
    hand.socket.pause();
    hand.send(request('GET', [], 'big'));
    await memory.until(() => memory.closed.length > 0);
    expect(memory.closed).toEqual([{ path: '/big', taken: false }]);
  });
});
