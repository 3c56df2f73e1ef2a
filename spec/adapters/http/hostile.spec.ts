import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { basic, curlAs, dial, urlOf } from './clients.ts';
import { endpoint } from './endpoint.ts';

const login = basic({ login: 'acme', password: 'secret' });
const host = 'Host: x\r\n';
const put = `PUT /c/acme/a HTTP/1.1\r\n${host}${login}`;
const second = `PUT /c/acme/smuggled HTTP/1.1\r\n${host}${login}Content-Length: 1\r\n\r\nx`;

/** Everything that the server says to these bytes before it hangs up. */
const said = async (place: { readonly host: string; readonly port: number }, bytes: string): Promise<string> => {
  const socket = connect({ host: place.host, port: place.port });
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => undefined);
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
  });
  const ended = once(socket, 'close');
  socket.write(bytes, 'latin1');
  await ended;
  return text;
};

describe('a request that two servers could read in two ways', () => {
  it.each([
    ['a length and chunks', `${put}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${second}`],
    ['chunks and a length', `${put}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n${second}`],
    ['two lengths', `${put}Content-Length: 1\r\nContent-Length: 2\r\n\r\nx${second}`],
    ['two lengths that are the same', `${put}Content-Length: 1\r\nContent-Length: 1\r\n\r\nx${second}`],
    ['a list of lengths', `${put}Content-Length: 1, 2\r\n\r\nx${second}`],
    ['a length with a sign', `${put}Content-Length: +1\r\n\r\nx${second}`],
    ['a negative length', `${put}Content-Length: -1\r\n\r\nx${second}`],
    ['a hexadecimal length', `${put}Content-Length: 0x1\r\n\r\nx${second}`],
    ['a length that no number holds', `${put}Content-Length: 99999999999999999999999\r\n\r\nx${second}`],
    ['an unknown transfer coding', `${put}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${second}`],
    [
      'two transfer codings',
      `${put}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n${second}`,
    ],
    ['a coding that hides in a tab', `${put}Transfer-Encoding:\tchunked, identity\r\n\r\n0\r\n\r\n${second}`],
    ['chunks in HTTP/1.0', `${put.replace('/1.1', '/1.0')}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n${second}`],
    ['a chunk size with a sign', `${put}Transfer-Encoding: chunked\r\n\r\n+1\r\nx\r\n0\r\n\r\n${second}`],
    ['a chunk size that overflows', `${put}Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nx\r\n0\r\n\r\n`],
    ['a chunk that is longer than it says', `${put}Transfer-Encoding: chunked\r\n\r\n1\r\nxyz\r\n0\r\n\r\n${second}`],
    ['a chunk size that ends with a bare LF', `${put}Transfer-Encoding: chunked\r\n\r\n1\nx\r\n0\r\n\r\n${second}`],
    ['a header that is folded', `${put}X-A: b\r\n Content-Length: 1\r\n\r\nx`],
    ['a length that is folded', `${put}Content-Length:\r\n 1\r\n\r\nx`],
    ['lines that end with a bare LF', `${put.replaceAll('\r\n', '\n')}Content-Length: 1\n\nx`],
    ['one line that ends with a bare LF', `${put}X-A: b\nContent-Length: 1\r\n\r\nx`],
    ['a line that ends with a bare CR', `${put}X-A: b\rContent-Length: 1\r\n\r\nx`],
    ['a blank before a colon', `${put}Content-Length : 1\r\n\r\nx`],
    ['a header without a name', `${put}: 1\r\nContent-Length: 1\r\n\r\nx`],
    ['a NUL in a header', `${put}X-A: \0\r\nContent-Length: 1\r\n\r\nx`],
    ['no host', `PUT /c/acme/a HTTP/1.1\r\n${login}Content-Length: 1\r\n\r\nx`],
    ['two hosts', `${put}Host: y\r\nContent-Length: 1\r\n\r\nx`],
    ['two logins', `${put}Authorization: Basic eDp5\r\nContent-Length: 1\r\n\r\nx`],
    ['another version', `PUT /c/acme/a HTTP/9.9\r\n${host}${login}\r\n`],
    ['no version', 'GET /c/acme/\r\n\r\n'],
    ['HTTP/2 without asking', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['TLS to a plain endpoint', '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003'],
    ['a blank in the URL', `PUT /c/acme/a b HTTP/1.1\r\n${host}${login}Content-Length: 1\r\n\r\nx`],
    ['a URL that is no path', `GET acme HTTP/1.1\r\n${host}${login}Connection: close\r\n\r\n`],
    ['an asterisk', `GET * HTTP/1.1\r\n${host}${login}Connection: close\r\n\r\n`],
    ['CONNECT', `CONNECT internal:22 HTTP/1.1\r\n${host}\r\n`],
  ])('is refused for %s, and nothing behind it is looked at', async (_, bytes) => {
    const { memory, place } = await endpoint({ headerTimeout: '1s', idleTimeout: '1s', keepAlive: '300ms' });
    const text = await said(place, bytes);
    expect(text === '' || /^HTTP\/1\.1 [45]\d\d /.test(text)).toBe(true);
    expect(text.match(/HTTP\/1\.1 \d/g)?.length ?? 0).toBeLessThan(2);
    expect(memory.completed).toEqual([]);
  });

  it('is not what follows a request before its answer: that is not taken', async () => {
    const { memory, place } = await endpoint();
    await said(place, `${put}Content-Length: 1\r\n\r\nx${second}`);
    expect(memory.completed.map((each) => each.path)).not.toContain('/smuggled');
  });
});

describe('a request that would change the protocol', () => {
  const wish = 'Connection: Upgrade\r\nUpgrade: h2c\r\n';
  const list = `GET /c/acme/ HTTP/1.1\r\n${host}${login}`;

  it.each(['http', 'https'] as const)(
    'and does not wait for the answer before it ends its connection: %s',
    async (protocol) => {
      const { place } = await endpoint({ protocol });
      const hand = await dial(place, protocol);
      hand.send(`${list}\r\n${list}${wish}\r\n`);
      await hand.ended;
      expect((await (await dial(place, protocol)).ask(`${list}\r\n`)).status).toBe(200);
    },
  );

  it.each(['PUT', 'POST'])('and has a body is refused, whatever it is: %s', async (method) => {
    const { memory, place } = await endpoint();
    const start = `${method} /c/acme/a HTTP/1.1\r\n${host}${login}${wish}`;
    for (const rest of [
      'Content-Length: 10\r\n\r\n0123456789',
      'Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n',
    ]) {
      const hand = await dial(place);
      expect((await hand.ask(`${start}${rest}`)).status).toBe(501);
      await hand.ended;
    }
    expect(memory.completed).toEqual([]);
  });

  it('and is an upload of curl is never taken for another file', async () => {
    const { memory, place } = await endpoint();
    const file = join(place.directory, 'large');
    await writeFile(file, Buffer.alloc(3_000_000, 'x'));
    const ran = await curlAs(place, ['--http2', '-T', file, urlOf(place, 'large')]);
    expect(ran.text).toContain('"status":501');
    expect(ran.code).toBe(22);
    expect(memory.completed).toEqual([]);
  });
});

describe('a client that wants too much', () => {
  it('may send a head of no more than 16 KiB, and no more than 100 headers', async () => {
    const { place } = await endpoint();
    const long = `GET /c/acme/ HTTP/1.1\r\n${host}X-A: ${'a'.repeat(20_000)}\r\n\r\n`;
    expect(await said(place, long)).toMatch(/^HTTP\/1\.1 431 /);
    expect(await said(place, `GET /c/acme/${'a'.repeat(20_000)} HTTP/1.1\r\n${host}\r\n`)).toMatch(/^HTTP\/1\.1 431 /);
    const many = `GET /c/acme/ HTTP/1.1\r\n${host}${login}${'X: y\r\n'.repeat(200)}\r\n`;
    expect((await (await dial(place)).ask(many)).status).toBe(431);
  });

  it.each(['', 'GET', `GET /c/acme/ HTTP/1.1\r\n${host}X-A: `])(
    'must be through with its head in time: %j',
    async (bytes) => {
      const { place } = await endpoint({ headerTimeout: '300ms' });
      expect(await said(place, bytes)).toMatch(/^(HTTP\/1\.1 408 |$)/);
    },
  );

  it('must be through with its request in time, however steadily it sends', async () => {
    const { memory, place } = await endpoint({ headerTimeout: '200ms', requestTimeout: '600ms' });
    const hand = await dial(place);
    hand.send(`${put}Content-Length: 1000\r\n\r\n`);
    memory.before = (operation) => {
      if (operation === 'write') setTimeout(() => hand.send('x'), 20);
      return undefined;
    };
    hand.send('x');
    await hand.ended;
    await memory.until(() => memory.abandoned.length > 0);
    expect(memory.completed).toEqual([]);
  });

  it('may not hold its connection by a byte now and then', async () => {
    const { memory, place } = await endpoint({ idleTimeout: '500ms' });
    const hand = await dial(place);
    hand.send(`${put}Content-Length: 100000\r\n\r\n${'x'.repeat(5000)}`);
    let writes = 0;
    memory.before = (operation) => {
      writes += operation === 'write' ? 1 : 0;
      if (operation === 'write') setTimeout(() => hand.send('x'), 20);
      return undefined;
    };
    expect((await hand.answer()).status).toBe(408);
    expect(writes).toBeGreaterThan(5);
    expect(memory.completed).toEqual([]);
  });

  it('may have so many connections at the same time, and no more', async () => {
    const { place } = await endpoint({ maxConnections: 2 });
    const [one] = [await dial(place), await dial(place)];
    expect(await said(place, '')).toMatch(/^HTTP\/1\.1 503 [\s\S]*retry-after: 10/i);
    one.socket.destroy();
    for (;;) if (!(await said(place, 'x')).startsWith('HTTP/1.1 503')) break;
  });

  it('may not stay for ever between two requests', async () => {
    const { place } = await endpoint({ keepAlive: '100ms' });
    const hand = await dial(place);
    await hand.ask(`GET /c/acme/ HTTP/1.1\r\n${host}${login}\r\n`);
    await hand.ended;
  });

  it('learns nothing of our insides from a defect', async () => {
    const { memory, place, lines } = await endpoint();
    memory.before = (operation) => {
      if (operation === 'list') throw new Error('/var/lib/sallyport is broken');
      return undefined;
    };
    const answer = await (await dial(place)).ask(`GET /c/acme/ HTTP/1.1\r\n${host}${login}\r\n`);
    expect(answer.status).toBe(500);
    expect(answer.head + answer.body).not.toMatch(/\/var|broken|sallyport/);
    expect(lines.join('\n')).toMatch(/error http request met a defect.*is broken/);
  });
});
