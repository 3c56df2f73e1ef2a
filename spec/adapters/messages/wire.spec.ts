import {
  type ClientHttp2Session,
  connect as h2connect,
  type OutgoingHttpHeaders,
  performServerHandshake,
} from 'node:http2';
import { createServer, type TLSSocket, connect as tlsConnect } from 'node:tls';
import { decode, encode } from 'cborg';
import { right } from 'fp-ts/lib/Either.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { protocolVersion } from '../../../adapters/messages/hello.ts';
import { messageService } from '../../../adapters/messages/index.ts';
import type { Messages, Parcel } from '../../../domain/message.ts';
import { failureOf, handlers, linked, must, parcelOf } from '../../support/message-pair.ts';
import { clockOf, keysOf, logOf, realOptions } from './world.ts';

const keys = await keysOf([
  { role: 'inner', node: 'inner1', hosts: [] },
  { role: 'dmz', node: 'dmz1', hosts: [] },
]);
const ofInner = { ca: keys('inner1').ca, cert: keys('inner1').certificate, key: keys('inner1').key };
const hello = { role: 'inner', node: 'inner1', version: protocolVersion, instance: 'x', lane: 'events' };
type Said = { readonly status: number; readonly body: Buffer };

const say = (session: ClientHttp2Session, headers: OutgoingHttpHeaders, body?: Uint8Array): Promise<Said> =>
  new Promise((resolve, reject) => {
    const stream = session.request(headers, { endStream: body === undefined });
    const chunks: Buffer[] = [];
    let status = 0;
    stream.on('response', (answered) => {
      status = answered[':status'] ?? 0;
    });
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', reject);
    stream.on('close', () => resolve({ status, body: Buffer.concat(chunks) }));
    if (body !== undefined) stream.end(body);
  });
const post = (session: ClientHttp2Session, path: string, body: Uint8Array, length: number = body.length) =>
  say(session, { ':method': 'POST', ':path': path, 'content-length': length }, body);

describe('what a certified peer sends', () => {
  let dmz: Messages;
  let port: number;
  let given: Parcel[];
  let staged: string[];
  let cleanup: (() => Promise<unknown>)[];
  const { log, lines, warned } = logOf();

  beforeEach(async () => {
    lines.splice(0);
    given = [];
    staged = [];
    const options = await realOptions('pushback', keys, { log });
    port = options.dmz.port;
    dmz = messageService(options.dmz);
    cleanup = [() => dmz.close(), options.toDmz.close, options.toInner.close];
    must(
      await dmz.start(
        handlers({
          events: (_from, parcels) => {
            given.push(...parcels);
            return Promise.resolve(parcels.map(() => ({ result: 'stored', events: [] })));
          },
          stage: async (_from, payload, bytes) => {
            let got = 0;
            for await (const chunk of bytes) got += chunk.length;
            staged.push(`${payload.sha256} ${got}`);
            return right(undefined);
          },
          payload: (_from, _key, start) =>
            Promise.resolve(
              right({
                size: 10,
                bytes: (async function* () {
                  yield await Promise.resolve(new Uint8Array(10 - start));
                })(),
              }),
            ),
        }),
      )(),
    );
  });
  afterEach(async () => {
    for (const each of cleanup) await each();
  });

  const session = async (greet = true): Promise<ClientHttp2Session> => {
    const socket = await new Promise<TLSSocket>((resolve) => {
      const made = tlsConnect(
        { ...ofInner, port, host: '127.0.0.1', ALPNProtocols: ['h2'], rejectUnauthorized: false },
        () => resolve(made),
      );
    });
    const made = h2connect('https://dmz1', { createConnection: () => socket });
    made.on('error', () => undefined);
    cleanup.unshift(() => {
      made.destroy();
      return Promise.resolve();
    });
    if (greet) expect((await post(made, '/hello', encode(hello))).status).toBe(200);
    return made;
  };

  it('is answered only after its hello', async () => {
    const ours = await session(false);
    expect((await post(ours, '/events', encode(parcelOf('inner1', 1)))).status).toBe(403);
    expect(given).toEqual([]);
    expect((await post(ours, '/hello', encode(hello))).status).toBe(200);
    expect((await post(ours, '/events', encode(parcelOf('inner1', 1)))).status).toBe(200);
    expect(given).toHaveLength(1);
  });

  it('is not taken with the hello of another node, role or version', async () => {
    for (const [change, why] of [
      [{ node: 'inner9' }, /not that of inner1/],
      [{ role: 'dmz' }, /not that of inner1/],
      [{ version: 1 }, /speaks version 1 of the message service, this server 6/],
      [{ extra: 1 }, /not understood/],
    ] as const) {
      lines.splice(0);
      const ours = await session(false);
      const answer = await post(ours, '/hello', encode({ ...hello, ...change }));
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect((decode(answer.body) as { text: string }).text).toMatch(why);
      await warned(why);
      expect(lines).toHaveLength(1);
    }
    expect(dmz.links()[0]?.up).toBe(false);
  });

  it('is refused alone where one parcel of a batch is not understood', async () => {
    const strange = { ...parcelOf('inner1', 2), event: { ...parcelOf('inner1', 2).event, type: 'invented' } };
    const batch = Buffer.concat([parcelOf('inner1', 1), strange, parcelOf('inner1', 3)].map((each) => encode(each)));
    const answer = await post(await session(), '/events', batch);
    expect(answer.status).toBe(200);
    expect(answer.body.toString('latin1').match(/stored|refused/g)).toEqual(['stored', 'refused', 'stored']);
    expect(given.map((each) => each.event.meta.originSeq)).toEqual([1, 3]);
  });

  it('is refused where it is no strict CBOR, and the connection lives on', async () => {
    const ours = await session();
    const indefinite = Buffer.from([0x9f, 0xff]);
    const cut = encode(parcelOf('inner1', 1)).subarray(0, 40);
    const deep = Buffer.alloc(100_000, 0x81);
    for (const bytes of [indefinite, cut, deep, Buffer.from('GET')])
      expect((await post(ours, '/events', bytes)).status).toBe(400);
    expect((await post(ours, '/events', Buffer.alloc(2_000, 0))).status).toBe(400);
    expect((await post(ours, '/command', encode({ transfer: 'x' }))).status).toBe(400);
    expect((await post(ours, '/events', encode(parcelOf('inner1', 1)))).status).toBe(200);
  });

  it('is refused by its announced length, before its bytes', async () => {
    const ours = await session();
    const answer = await post(ours, '/events', new Uint8Array(3 * 1024 * 1024));
    expect(answer.status).toBe(413);
    expect(decode(answer.body)).toMatchObject({ reason: 'tooLarge' });
    const endless = await say(ours, { ':method': 'POST', ':path': '/events' }, new Uint8Array(10));
    expect(endless.status).toBe(400);
    expect((await post(ours, '/events', encode(parcelOf('inner1', 1)))).status).toBe(200);
  });

  it('gets nothing for a path, method, key or range that is none', async () => {
    const ours = await session();
    const get = (path: string, range = 'bytes=0-') => say(ours, { ':method': 'GET', ':path': path, range });
    expect((await get('/events')).status).toBe(404);
    expect((await get('/')).status).toBe(404);
    expect((await post(ours, '/payloads/dmz1.a', new Uint8Array())).status).toBe(404);
    expect((await get('/payloads/..%2f..%2fetc')).status).toBe(400);
    expect((await get('/payloads/dmz1.a', 'bytes=-5')).status).toBe(400);
    expect((await get('/payloads/dmz1.a', 'bytes=11-')).status).toBe(400);
    const rest = await get('/payloads/dmz1.a', 'bytes=4-');
    expect([rest.status, rest.body.length]).toEqual([206, 6]);
  });

  it('is staged only whole, with a length and a digest', async () => {
    const ours = await session();
    const bytes = new Uint8Array(10);
    const sha256 = 'ab'.repeat(32);
    const digest = `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`;
    const put = (own: OutgoingHttpHeaders, body: Uint8Array = bytes) => {
      const head = { 'content-length': bytes.length, 'content-digest': digest, ...own };
      return say(ours, { ':method': 'PUT', ':path': '/payloads/dmz1.a', ...head }, body);
    };
    for (const own of [
      { 'content-digest': 'sha-256=:YWJj:' },
      { 'content-digest': undefined },
      { 'content-length': undefined },
      { ':path': '/payloads/..%2f..%2fetc' },
    ])
      expect((await put(own)).status).toBe(400);
    for (const body of [new Uint8Array(9), new Uint8Array(11)])
      expect(
        await put({}, body).then(
          ({ status }) => status === 200,
          () => false,
        ),
      ).toBe(false);
    expect(staged).toEqual([]);
    expect((await put({})).status).toBe(200);
    expect(staged).toEqual([`${sha256} 10`]);
  });

  it('comes on the newer of two connections; the older is ended', async () => {
    const older = await session();
    const ended = new Promise<void>((resolve) => older.once('close', resolve));
    const newer = await session();
    await ended;
    expect((await post(newer, '/events', encode(parcelOf('inner1', 1)))).status).toBe(200);
  });
});

describe('what a certified peer answers', () => {
  it('is taken only as far as it is understood, and not above maxMessageSize', async () => {
    const options = await realOptions('pushback', keys, { log: logOf().log, clock: clockOf() });
    const answers: (() => { readonly status: number; readonly length?: number; readonly body: Uint8Array })[] = [];
    const ofDmz = { ca: keys('dmz1').ca, cert: keys('dmz1').certificate, key: keys('dmz1').key };
    const protocols = ['h2', 'sallyport-reverse', 'sallyport-reverse-through'];
    const mine = { ...hello, role: 'dmz', node: 'dmz1' };
    // a dmz server that was taken over: the right keys, and answers of its own making
    const server = createServer({ ...ofDmz, requestCert: true, ALPNProtocols: protocols }, (socket) => {
      if (socket.alpnProtocol !== 'h2') {
        const asks = h2connect('https://inner1', { createConnection: () => socket });
        asks.on('error', () => undefined);
        const lane = socket.alpnProtocol === 'sallyport-reverse' ? 'events' : 'through';
        void post(asks, '/hello', encode({ ...mine, lane }));
        return;
      }
      const session = performServerHandshake(socket);
      session.on('error', () => undefined);
      session.on('stream', (stream, headers) => {
        stream.on('error', () => undefined);
        const answer =
          headers[':path'] === '/hello'
            ? { status: 200, body: encode(mine) }
            : (answers.shift()?.() ?? { status: 500, body: encode(0) });
        stream.respond({ ':status': answer.status, 'content-length': answer.length ?? answer.body.length });
        stream.end(answer.body);
        stream.resume();
      });
    });
    await new Promise<void>((resolve) => server.listen(options.dmz.port, '127.0.0.1', resolve));
    const inner = messageService(options.inner);
    must(await inner.start(handlers())());
    await linked(inner, true);
    const ask = async () => failureOf(await inner.events('dmz1', [parcelOf('inner1', 1)])());

    const stored = encode({ result: 'stored', events: [] });
    answers.push(() => ({ status: 200, body: Buffer.concat([stored, stored]) }));
    expect(await ask()).toMatchObject({ lasting: 'temporary', code: 'badAnswer' });
    answers.push(() => ({ status: 200, body: encode({ result: 'gladly' }) }));
    expect(await ask()).toMatchObject({ lasting: 'temporary', code: 'badAnswer' });
    answers.push(() => ({ status: 200, body: new Uint8Array(2_000_000) }));
    expect((await ask()).code).toBe('tooLarge');
    answers.push(() => ({ status: 403, body: Buffer.from('no CBOR') }));
    expect(await ask()).toMatchObject({ lasting: 'temporary', code: 'peerFailed' });
    answers.push(() => ({ status: 200, length: 1_000, body: new Uint8Array(10) }));
    expect(await ask()).toMatchObject({ lasting: 'temporary', code: 'linkBroken' });

    const list = async () => failureOf(await inner.list('dmz1', { channel: 'acme', directory: '/out' })());
    const strange = { path: '/out/a', name: 'a', size: -1 };
    answers.push(() => ({ status: 200, body: encode({ files: [strange] }) }));
    expect(await list()).toMatchObject({ lasting: 'temporary', code: 'badAnswer' });
    answers.push(() => ({ status: 200, length: 33 * 1024 * 1024, body: new Uint8Array(10) }));
    expect((await list()).text).toBe('The answer of dmz1 has 34603008 bytes, and the most for a list is 33554432.');
    answers.push(() => ({ status: 200, length: 1_000, body: encode({ files: [] }) }));
    expect(await list()).toMatchObject({ lasting: 'temporary', code: 'linkBroken' });

    await inner.close();
    await new Promise<void>((resolve) => server.close(() => resolve()));
    await Promise.all([options.toDmz.close(), options.toInner.close()]);
  });
});
