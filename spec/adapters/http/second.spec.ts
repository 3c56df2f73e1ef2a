/** HTTP/2: what curl does over it, and what a hostile client gets. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type IncomingHttpHeaders,
} from 'node:http2';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { curlAs, urlOf } from './clients.ts';
import { endpoint } from './endpoint.ts';

const authorization = `Basic ${Buffer.from('acme:secret').toString('base64')}`;
const { NGHTTP2_CANCEL, NGHTTP2_NO_ERROR, NGHTTP2_REFUSED_STREAM } = constants;

/** Its end, whatever it was. */
const closed = (one: ClientHttp2Session | ClientHttp2Stream): Promise<void> =>
  new Promise((resolve) => void one.once('close', () => resolve()));

const world = async (settings: object = {}) => {
  const opened = await endpoint({ protocol: 'https', http2: true, ...settings });
  const { place } = opened;
  const session = async (): Promise<ClientHttp2Session> => {
    const made = connect(`https://127.0.0.1:${place.port}`, { rejectUnauthorized: false });
    made.on('error', () => undefined);
    onTestFinished(() => made.destroy());
    await once(made, 'remoteSettings');
    return made;
  };
  const ask = (by: ClientHttp2Session, method: string, path: string, more: object = {}): ClientHttp2Stream => {
    const stream = by.request({ ':method': method, ':path': `/c/acme/${path}`, authorization, ...more });
    stream.on('error', () => undefined);
    return stream;
  };
  const statusOf = async (stream: ClientHttp2Stream): Promise<number | undefined> => {
    const ended = once(stream.resume(), 'close');
    const [headers] = (await once(stream, 'response')) as [IncomingHttpHeaders];
    await ended;
    return headers[':status'] as unknown as number;
  };
  return { ...opened, session, ask, statusOf };
};

describe('curl over HTTP/2', () => {
  it('puts, sends forms, lists, gets, resumes, and tells why not', async () => {
    const { memory, place } = await world();
    const local = join(place.directory, 'local');
    const bytes = randomBytes(5_000_000);
    await writeFile(local, bytes);
    const version = ['--http2', '-w', ' over %{http_version}'];
    const url = (path: string): string => urlOf(place, path, 'https');
    for (const args of [
      ['-T', local, url('one')],
      ['-H', 'Expect: 100-continue', '-T', local, url('two')],
      ['-T', '-', url('three')],
      ['-F', `f=@${local};filename=four`, url('')],
    ]) {
      const ran = await curlAs(place, [...version, ...args]);
      expect([ran.code, ran.text.endsWith(' over 2')]).toEqual([0, true]);
    }
    expect(memory.completed.map(({ path, size }) => `${path} ${size}`)).toEqual([
      '/one 5000000',
      '/two 5000000',
      '/three 0',
      '/four 5000000',
    ]);
    expect(memory.completed.every((each) => each.size === 0 || each.bytes.equals(bytes))).toBe(true);
    expect((await curlAs(place, [...version, url('')])).text).toMatch(/"entries":\[[\s\S]* over 2$/);
    expect(await curlAs(place, ['--http2', '-o', `${local}.got`, url('one')])).toMatchObject({ code: 0 });
    await writeFile(`${local}.part`, bytes.subarray(0, 1_000_000));
    expect(await curlAs(place, ['--http2', '-C', '-', '-o', `${local}.part`, url('two')])).toMatchObject({ code: 0 });
    for (const file of ['got', 'part']) expect((await readFile(`${local}.${file}`)).equals(bytes)).toBe(true);
    await memory.until(() => memory.closed.length === 2 && memory.sessions() === 0);
    expect(memory.closed.map((each) => each.taken)).toEqual([true, true]);
    expect(memory.orderly.every(Boolean)).toBe(true);
    expect((await curlAs({ ...place, password: 'wrong' }, [...version, '-T', local, url('a')])).text).toContain(
      '"status":401',
    );
  });

  it.each([0, 10, 60_000, 3_000_000])('is told that its login is wrong, before and behind %i bytes', async (size) => {
    const { memory, place } = await world();
    const local = join(place.directory, 'local');
    await writeFile(local, randomBytes(size));
    for (const more of [[], ['-H', 'Expect:']]) {
      const url = urlOf(place, 'a', 'https');
      const ran = await curlAs({ ...place, password: 'wrong' }, ['--http2', ...more, '-T', local, url]);
      expect(ran.text).toContain('"status":401');
    }
    expect(await curlAs(place, ['--http2', '-T', local, urlOf(place, 'a', 'https')])).toMatchObject({ code: 0 });
    expect(memory.completed).toHaveLength(1);
  });

  it('is the one of HTTP/1.1 where that is not asked for', async () => {
    const { place } = await endpoint({ protocol: 'https' });
    expect((await curlAs(place, ['--http2', '-w', ' %{http_version}', urlOf(place, '', 'https')])).text).toMatch(
      / 1\.1$/,
    );
  });

  it('asks again and again over one connection', async () => {
    const { memory, place } = await world();
    const urls = Array.from({ length: 50 }, () => [urlOf(place, '', 'https'), '-o', '/dev/null']).flat();
    const ran = await curlAs(place, ['--http2', '-w', '%{http_version}%{num_connects}\n', ...urls]);
    expect(ran).toMatchObject({ code: 0, text: `21\n${'20\n'.repeat(49)}` });
    expect(memory.attempts).toHaveLength(1);
  });
});

/** Frames as they are on the wire (RFC 9113, section 4.1): Node's client ends a body in order also where it takes it back. */
const frame = (type: number, flags: number, stream: number, payload: Buffer): Buffer => {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
};
/** A header that is not kept in any table (RFC 7541, section 6.2.2). */
const literal = ([name, value]: readonly [string, string]): Buffer =>
  Buffer.from(`\0${String.fromCharCode(name.length)}${name}${String.fromCharCode(value.length)}${value}`);

describe('over HTTP/2, what breaks off', () => {
  it.each([
    ['a length that is taken back', ['content-length', '100'], true],
    ['no length that is taken back', ['x-a', 'b'], true],
    ['a length whose connection breaks', ['content-length', '100'], false],
    ['no length whose connection breaks', ['x-a', 'b'], false],
  ] as const)('is no file: a body with %s', async (_, more, reset) => {
    const { memory, place } = await world();
    const socket = connectTls({ ...place, rejectUnauthorized: false, ALPNProtocols: ['h2'] });
    onTestFinished(() => void socket.destroy());
    socket.on('error', () => undefined).resume();
    const basics = [
      [':method', 'PUT'],
      [':scheme', 'https'],
      [':authority', 'x'],
      [':path', '/c/acme/a'],
    ] as const;
    const head = Buffer.concat([...basics, ['authorization', authorization] as const, more].map(literal));
    socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    socket.write(
      Buffer.concat([frame(4, 0, 0, Buffer.alloc(0)), frame(1, 4, 1, head), frame(0, 0, 1, Buffer.alloc(50))]),
    );
    const written = new Promise<void>((resolve) => {
      memory.before = (what) => {
        if (what === 'write') resolve();
        return undefined;
      };
    });
    await written;
    if (reset) socket.write(frame(3, 0, 1, Buffer.from([0, 0, 0, NGHTTP2_NO_ERROR])));
    else socket.destroy();
    await memory.until(() => memory.abandoned.length > 0);
    expect(memory.completed).toEqual([]);
  });

  it('is not picked up: a file that is taken back, though it was on its way', async () => {
    const { memory, session, ask, statusOf } = await world();
    memory.home('acme').putFile('/small', randomBytes(60_000), 0);
    const by = await session();
    const stream = ask(by, 'GET', 'small');
    await once(stream, 'response');
    stream.close(NGHTTP2_CANCEL);
    expect(await statusOf(ask(by, 'GET', ''))).toBe(200);
    expect(memory.closed).toEqual([{ path: '/small', taken: false }]);
    await statusOf(ask(by, 'GET', 'small'));
    await statusOf(ask(by, 'GET', ''));
    expect(memory.closed[1]).toEqual({ path: '/small', taken: true });
  });

  it('is not picked up: a file whose connection ends before its end', async () => {
    const { memory, session, ask } = await world();
    memory.home('acme').putFile('/big', randomBytes(30_000_000), 0);
    const by = await session();
    await once(ask(by, 'GET', 'big'), 'response');
    by.destroy();
    await memory.until(() => memory.closed.length > 0);
    expect(memory.closed).toEqual([{ path: '/big', taken: false }]);
  });
});

describe('over HTTP/2, a client that wants too much', () => {
  it('gets one request at a time', async () => {
    const { memory, session, ask, statusOf } = await world();
    const by = await session();
    expect(by.remoteSettings.maxConcurrentStreams).toBe(1);
    const listing = new Promise<() => void>((asked) => {
      memory.before = (what) =>
        what === 'list' ? new Promise((resolve) => asked(() => resolve(undefined))) : undefined;
    });
    const first = statusOf(ask(by, 'GET', ''));
    const release = await listing;
    // Node's client waits with the second one; that it comes after the first is all that can be seen.
    memory.home('acme').putFile('/a', Buffer.from('x'), 0);
    const second = statusOf(ask(by, 'GET', 'a'));
    release();
    expect(await Promise.all([first, second])).toEqual([200, 200]);
  });

  it.each([
    ['pings', (by: ClientHttp2Session) => void by.ping(() => undefined)],
    ['settings', (by: ClientHttp2Session) => by.settings({ enablePush: false })],
  ])('is hung up on after too many %s', async (_, flood) => {
    const { session, ask, statusOf } = await world();
    const by = await session();
    const ended = closed(by);
    const again = setInterval(() => {
      for (let i = 0; i < 5 && !by.destroyed; i += 1) flood(by);
    }, 1);
    await ended;
    clearInterval(again);
    expect(await statusOf(ask(await session(), 'GET', ''))).toBe(200);
  });

  it('is hung up on after too many requests that it takes back (rapid reset)', async () => {
    const { memory, session, ask, statusOf } = await world();
    const by = await session();
    const ended = closed(by);
    const again = setInterval(() => {
      if (by.destroyed || by.closed) return;
      for (let i = 0; i < 20; i += 1) ask(by, 'GET', '').close(NGHTTP2_CANCEL);
    }, 1);
    await ended;
    clearInterval(again);
    expect(memory.attempts.length).toBeLessThan(10);
    expect(await statusOf(ask(await session(), 'GET', ''))).toBe(200);
  });

  it('may send no head of more than 16 KiB, nor more than 100 headers', async () => {
    const { session, ask, statusOf } = await world();
    const many = Object.fromEntries(Array.from({ length: 110 }, (_, i) => [`x-${i}`, 'y']));
    expect(await statusOf(ask(await session(), 'GET', '', many))).toBe(431);
    const long = ask(await session(), 'GET', '', { 'x-a': 'a'.repeat(20_000) });
    await closed(long);
    expect(long.rstCode).not.toBe(NGHTTP2_NO_ERROR);
    expect(long.rstCode).not.toBe(NGHTTP2_REFUSED_STREAM);
  });

  it('may not stay for ever between two requests, whatever else it says', async () => {
    const { session } = await world({ keepAlive: '300ms' });
    const by = await session();
    const again = setInterval(() => {
      if (!by.destroyed) by.ping(() => undefined);
    }, 50);
    await closed(by);
    clearInterval(again);
  });

  it('must be through with its request in time', async () => {
    const { memory, session, ask } = await world({ requestTimeout: '3s' });
    const stream = ask(await session(), 'PUT', 'a');
    stream.write('x');
    await closed(stream);
    await memory.until(() => memory.abandoned.length > 0);
    expect(memory.completed).toEqual([]);
  });
});
