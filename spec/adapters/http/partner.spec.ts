/** Sending to servers that we did not write, and to one that does whatever the test wants. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, connect, createServer as createPlainServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { httpPartner, httpsPartner } from '../../../adapters/http/client.ts';
import type { PartnerContext, PartnerPlace, PartnerSession } from '../../../domain/partner.ts';
import { writeCertificate } from '../../support/certificate.ts';
import { freePort } from '../../support/free-port.ts';
import { manualClock } from '../../support/manual-clock.ts';
import { failureOf, inPieces, succeeded } from '../../support/outcome.ts';
import { type PartnerServer, startNginx } from '../../support/partner-servers.ts';
import { contextWith, placeAt } from '../../support/real-partner.ts';
import { scratch } from '../../support/scratch.ts';
import { until } from '../../support/until.ts';

const handOver = (session: PartnerSession, path: string, bytes: Buffer, size = bytes.length) => {
  if (session.handOver === undefined) throw new Error('an HTTP session hands files over');
  return session.handOver({ path, id: 'transfer-1', size }, inPieces(bytes));
};

describe.each(['http', 'https'] as const)('a file for nginx over %s', (protocol) => {
  let server: PartnerServer;
  beforeAll(async () => {
    server = await startNginx(protocol === 'https' ? { tls: true } : {});
    await mkdir(join(server.disk, 'in'));
    await server.own(join(server.disk, 'in'));
  });
  afterAll(() => server.stop());
  const come = (settings: object = {}, place: Partial<PartnerPlace> = {}, context: Partial<PartnerContext> = {}) =>
    (protocol === 'https' ? httpsPartner : httpPartner).connect(
      { protocol, ...settings },
      placeAt(server, place),
      contextWith(context),
    );
  const session = async (...args: Parameters<typeof come>): Promise<PartnerSession> => {
    const made = await succeeded(come(...args));
    onTestFinished(() => made.close());
    return made;
  };

  it.each([0, 1, 1_000_000, 20_000_000])('arrives with its %i bytes, under its name, with its key', async (size) => {
    const bytes = randomBytes(size);
    await succeeded(handOver(await session({ headers: { 'X-Own': 'yes' } }), `/in/${size}.bin`, bytes));
    expect((await readFile(join(server.disk, 'in', `${size}.bin`))).equals(bytes)).toBe(true);
    const line = `PUT /in/${size}.bin 201 ${size} "transfer-1" "yes"`;
    await until('nginx has told it', () => server.printed().includes(line));
  });

  it.each(['a b.xml', 'ä#?%20&.xml', '日本.xml', '{name}.xml'])('may be named %s', async (name) => {
    await succeeded(handOver(await session(), `/in/${name}`, Buffer.from(name)));
    expect(await readFile(join(server.disk, 'in', name), 'utf8')).toBe(name);
  });

  it('replaces the one of its name, as the method says', async () => {
    for (const text of ['one', 'two']) await succeeded(handOver(await session(), '/in/same', Buffer.from(text)));
    expect(await readFile(join(server.disk, 'in', 'same'), 'utf8')).toBe('two');
  });

  it('goes to the target that the channel names', async () => {
    const target = '/in/{id}-{name}?from={directory}';
    await succeeded(handOver(await session({ target }), '/a b/c.xml', Buffer.from('x')));
    expect(await readFile(join(server.disk, 'in', 'transfer-1-c.xml'), 'utf8')).toBe('x');
    await until('nginx has told it', () => server.printed().includes('c.xml?from=/a%20b 201'));
  });

  it('fails for good with a wrong password, which is not repeated, also before a large file is sent', async () => {
    for (const size of [10, 3_000_000]) {
      const failure = await failureOf(
        handOver(await session({}, { credentials: { password: 'a wrong secret' } }), '/in/a', randomBytes(size)),
      );
      expect(failure).toMatchObject({ lasting: 'permanent', code: 'badCredentials' });
      expect(failure.text).not.toContain('a wrong secret');
    }
  });

  it('fails for good where the server does not take it, and for now where nobody is there', async () => {
    const conflict = handOver(await session({ method: 'POST' }), '/in/a', Buffer.from('x'));
    expect(await failureOf(conflict)).toMatchObject({ lasting: 'permanent', code: 'notPermitted' });
    expect(await failureOf(come({}, { host: 'partner.invalid' }))).toMatchObject({ code: 'unknownHost' });
    expect(await failureOf(come({}, { port: await freePort() }))).toMatchObject({ code: 'unreachable' });
    const named = handOver(await session(), '/in/a\nb', Buffer.from('x'));
    expect(await failureOf(named)).toMatchObject({ code: 'badName' });
  });

  it('gives the failure of the bytes themselves, and is not there in part', async () => {
    const short = handOver(await session(), '/in/short', randomBytes(1000), 2000);
    expect(await failureOf(short)).toMatchObject({ lasting: 'temporary', code: 'cutShort' });
    const broken = async function* () {
      yield* inPieces(randomBytes(100_000));
      throw new Error('the disk is gone');
    };
    const file = { path: '/in/broken', id: 't', size: 200_000 };
    const failure = await failureOf((await session()).handOver?.(file, broken()) ?? expect.fail('no handOver'));
    expect(failure).toMatchObject({ code: 'unreadable' });
    for (const name of ['short', 'broken']) await expect(readFile(join(server.disk, 'in', name))).rejects.toThrow();
  });

  it('does not go where a name leads into our own networks, unless that is allowed', async () => {
    const failure = await failureOf(come({}, { host: 'localhost' }));
    expect(failure).toMatchObject({ lasting: 'permanent', code: 'notPermitted' });
    expect(failure.text).toMatch(/localhost.* leads to (127\.0\.0\.1|::1), which is no public address/);
  });

  it('is all that can be done there', async () => {
    const open = await session();
    for (const asked of [open.list('/in'), open.look('/in/a'), open.read('/in/a', 0), open.remove('/in/a')])
      expect(await failureOf(asked)).toMatchObject({ lasting: 'permanent', code: 'notPermitted' });
  });

  it('tells each step of coming in, and whose certificate was seen', async () => {
    const [steps, seen]: [string[], string[]] = [[], []];
    await session({}, {}, { onStep: (step) => steps.push(step), onSeen: (each) => seen.push(each) });
    expect(steps).toEqual(protocol === 'https' ? ['name', 'port', 'tls'] : ['name', 'port']);
    expect(seen).toEqual(server.trusted);
  });

  if (protocol === 'https') {
    it('is not sent to a server that nobody has approved, nor in TLS that is not asked for', async () => {
      const failure = await failureOf(come({}, { trusted: [] }));
      expect(failure).toMatchObject({ lasting: 'permanent', code: 'untrusted' });
      expect(failure.text).toContain('sallyport channels trust acme');
      expect(await failureOf(come({ verify: 'authority' }))).toMatchObject({ code: 'untrusted' });
      const credentials = { ...server.credentials, authorities: server.certificate };
      const allowed = { verify: 'authority', privateAddresses: 'allow' };
      await session(allowed, { host: 'localhost', trusted: [], credentials });
    });

    it('goes to a server that wants a certificate of ours', async () => {
      const directory = await scratch();
      writeCertificate(directory, 'us');
      const more = [`ssl_client_certificate ${join(directory, 'us.crt')};`, 'ssl_verify_client on;'];
      const strict = await startNginx({ tls: true, more });
      onTestFinished(() => strict.stop());
      const read = (name: string) => readFile(join(directory, name), 'utf8');
      const shown = { privateKey: await read('us.key'), certificate: await read('us.crt') };
      const to = { port: strict.port, trusted: strict.trusted };
      const credentials = { ...strict.credentials, ...shown };
      await succeeded(handOver(await session({}, { ...to, credentials }), '/a', Buffer.from('x')));
      expect(await readFile(join(strict.disk, 'a'), 'utf8')).toBe('x');
      const without = handOver(await session({}, to), '/b', Buffer.from('x'));
      expect(await failureOf(without)).toMatchObject({ code: 'notPermitted' });
    });
  }
});

describe('a server that does as it likes', () => {
  const at = async (listener: RequestListener): Promise<number> => {
    const server = createServer(listener).listen(0, '127.0.0.1');
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };
  const send = async (port: number, settings: object = {}, context: Partial<PartnerContext> = {}, size = 10) => {
    const place = {
      channel: 'acme',
      host: '127.0.0.1',
      port,
      login: 'us',
      credentials: { password: 'p' },
      trusted: [],
    };
    const session = await succeeded(
      httpPartner.connect({ protocol: 'http', ...settings }, place, contextWith(context)),
    );
    return handOver(session, '/in/a', randomBytes(size));
  };

  it.each([
    [301, 'redirected', 'permanent'],
    [307, 'redirected', 'permanent'],
    [400, 'notPermitted', 'permanent'],
    [404, 'notPermitted', 'permanent'],
    [413, 'notPermitted', 'permanent'],
    [409, 'peerFailed', 'temporary'],
    [429, 'peerFailed', 'temporary'],
    [500, 'peerFailed', 'temporary'],
    [503, 'peerFailed', 'temporary'],
    [507, 'peerFailed', 'temporary'],
  ] as const)('and answers %i fails it as %s', async (status, code, lasting) => {
    let requests = 0;
    const port = await at((request, response) => {
      requests += 1;
      request.resume();
      response.writeHead(status, { location: 'http://127.0.0.1:1/' }).end('no');
    });
    expect(await failureOf(await send(port))).toMatchObject({ code, lasting });
    expect(requests).toBe(1);
  });

  it.each([200, 201, 202, 204])('and answers %i has it', async (status) => {
    const seen: (string | undefined)[] = [];
    const port = await at((request, response) => {
      seen.push(request.headers.authorization, request.headers['idempotency-key'] as string, request.method);
      request.resume().on('end', () => response.writeHead(status).end());
    });
    await succeeded(await send(port, { auth: 'bearer', method: 'POST' }));
    await succeeded(await send(port, { auth: 'none' }));
    expect(seen).toEqual(['Bearer p', 'transfer-1', 'POST', undefined, 'transfer-1', 'PUT']);
  });

  it('and never gives leave to send gets it nevertheless', async () => {
    const port = await freePort();
    const sockets: Socket[] = [];
    const server = createPlainServer((socket) => {
      sockets.push(socket);
      let got = 0;
      socket.on('data', (bytes) => {
        got += bytes.length;
        if (got > 2_000_000) socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
      });
    }).listen(port, '127.0.0.1');
    onTestFinished(() => void server.close());
    const clock = manualClock(Date.now());
    const sending = succeeded(await send(port, {}, { clock }, 2_000_000));
    await until('it was asked', () => sockets.some((each) => each.bytesRead > 0));
    clock.advance(2000);
    await sending;
  });

  it.each([
    ['PUT', 'linkBroken'],
    ['POST', 'outcomeUnknown'],
  ])('and hangs up after the whole file: %s fails as %s', async (method, code) => {
    const port = await at((request) => void request.resume().on('end', () => request.socket.destroy()));
    expect(await failureOf(await send(port, { method }))).toMatchObject({ lasting: 'temporary', code });
  });

  it('and never answers is given up', async () => {
    let whole = false;
    const port = await at((request) => void request.resume().on('end', () => (whole = true)));
    const clock = manualClock(Date.now());
    const sending = failureOf(await send(port, { answerTimeout: '5s' }, { clock }));
    await until('it has it', () => whole);
    clock.advance(5000);
    expect(await sending).toMatchObject({ lasting: 'temporary', code: 'timeout' });
  });

  it('and speaks something else fails it for now', async () => {
    const server = createPlainServer((socket) => void socket.end('SSH-2.0-x\r\n')).listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    connect(port).destroy();
    expect(await failureOf(await send(port))).toMatchObject({ lasting: 'temporary', code: 'linkBroken' });
  });
});

describe('what a channel says of its requests', () => {
  const settings = (more: object) => httpPartner.settings.safeParse({ protocol: 'http', ...more }).success;

  it.each([
    { target: '/in/{name}?x=1' },
    { target: '{directory}/{name}' },
    { headers: { 'Content-Type': 'text/xml' } },
    { method: 'POST', auth: 'none', answerTimeout: '10m' },
  ])('is taken: %j', (more) => {
    expect(settings(more)).toBe(true);
  });

  it.each([
    { target: 'http://elsewhere/{name}' },
    { target: '/a b' },
    { target: '/a#b' },
    { target: '/a\r\nHost: b' },
    { headers: { Host: 'x' } },
    { headers: { 'Content-Length': '1' } },
    { headers: { 'idempotency-key': 'x' } },
    { headers: { 'X-A': 'a\r\nX-B: b' } },
    { headers: { 'X A': 'a' } },
    { method: 'GET' },
  ])('is refused: %j', (more) => {
    expect(settings(more)).toBe(false);
  });
});

it('keeps no connection for longer than it is wanted', async () => {
  const port = await freePort();
  const sockets: Socket[] = [];
  const server = createPlainServer((socket) => void sockets.push(socket.on('error', () => undefined))).listen(port);
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const place = { channel: 'acme', host: '127.0.0.1', port, login: 'us', credentials: {}, trusted: [] };
  const session = await succeeded(httpPartner.connect({ protocol: 'http' }, place, contextWith()));
  const sending = failureOf(handOver(session, '/a', Buffer.from('x')));
  await until('it is asked', () => sockets.some((each) => each.bytesRead >= 0));
  await session.close();
  expect(await sending).toMatchObject({ code: 'closed' });
  await until('it is gone', () => sockets.every((each) => each.resume().readableEnded || each.destroyed));
});
