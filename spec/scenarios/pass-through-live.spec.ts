import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { program } from '../support/program.ts';
import { linked, type Pair, password, startPair } from '../support/servers.ts';
import { until } from '../support/until.ts';

describe('what stays open is passed through as it comes', () => {
  let pair: Pair;
  const sockets: WebSocket[] = [];
  const listeners: ServerResponse[] = [];
  const service = createServer((request, response) => {
    if (request.url === '/cookies') {
      const { rawHeaders } = request;
      response.end(rawHeaders.filter((_, i) => rawHeaders[i - 1]?.toLowerCase() === 'cookie').join('|'));
      return;
    }
    if (request.url !== '/events') {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
    listeners.push(response);
  });
  const webSockets = new WebSocketServer({ server: service, path: '/echo', handleProtocols: () => 'orders' });
  webSockets.on('connection', (socket) => {
    sockets.push(socket);
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
  });
  beforeAll(async () => {
    await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
    pair = await startPair({
      inner: {
        routes: [
          { id: 'live', path: '/live', url, callers: 'everybody' },
          { id: 'brief', path: '/brief', url, callers: 'everybody', idleTimeout: '3s' },
          { id: 'ours', path: '/ours', url, callers: ['acme'] },
        ],
      },
    });
  }, 60_000);
  afterAll(async () => {
    await pair.end();
    service.close();
    service.closeAllConnections();
  });

  const at = (path: string): string => `127.0.0.1:${pair.httpPort}${path}`;
  const open = async (path: string, options: object = {}): Promise<WebSocket> => {
    const socket = new WebSocket(`ws://${at(path)}`, ['orders'], options);
    onTestFinished(() => socket.terminate());
    await once(socket, 'open');
    return socket;
  };
  const statusOf = async (path: string): Promise<unknown> => {
    const socket = new WebSocket(`ws://${at(path)}`);
    socket.on('error', () => undefined);
    const [, answer] = (await once(socket, 'unexpected-response')) as [unknown, { readonly statusCode: number }];
    socket.terminate();
    return answer.statusCode;
  };

  it('a WebSocket, both ways, small and large, with the protocol that was agreed on and its orderly end', async () => {
    const socket = await open('/live/echo');
    expect(socket.protocol).toBe('orders');
    for (const bytes of [randomBytes(0), randomBytes(5), randomBytes(3_000_000)]) {
      socket.send(bytes);
      const [back] = (await once(socket, 'message')) as [Buffer];
      expect(back.equals(bytes)).toBe(true);
    }
    sockets.at(-1)?.send('from the service, unasked');
    expect(String((await once(socket, 'message'))[0])).toBe('from the service, unasked');
    socket.close(4001, 'enough');
    const ended = sockets.at(-1);
    const [code, reason] = (await once(socket, 'close')) as [number, Buffer];
    expect([code, String(reason)]).toEqual([4001, 'enough']);
    await until('the service has seen it', () => ended?.readyState === WebSocket.CLOSED);
  });

  it('a WebSocket only where the service takes it, and the route lets in who asks', async () => {
    expect(await statusOf('/live/elsewhere')).toBe(400);
    expect(await statusOf('/nowhere')).toBe(404);
    expect(await statusOf('/ours/echo')).toBe(401);
    const socket = await open('/ours/echo', { auth: `acme:${password}` });
    socket.send('hello');
    expect(String((await once(socket, 'message'))[0])).toBe('hello');
  });

  it('a WebSocket that is cut on either side is seen to end on the other', async () => {
    const one = await open('/live/echo');
    const service = sockets.at(-1);
    one.terminate();
    await until('the service has seen it', () => service?.readyState === WebSocket.CLOSED);
    const other = await open('/live/echo');
    sockets.at(-1)?.terminate();
    await once(other, 'close');
    const third = await open('/live/echo');
    await pair.inner.kill();
    await once(third, 'close');
    await pair.inner.start();
    await linked(pair);
  });

  it('a WebSocket for as long as something moves, a ping for instance, and no longer', async () => {
    const silent = await open('/brief/echo');
    const lively = await open('/brief/echo');
    const service = sockets.at(-1);
    const pinging = setInterval(() => service?.ping(), 200);
    try {
      await once(silent, 'close');
      lively.send('still here');
      expect(String((await once(lively, 'message'))[0])).toBe('still here');
    } finally {
      clearInterval(pinging);
    }
  });

  it('server-sent events, each when it is sent, and their end where the client goes', async () => {
    const got = program('curl', ['-q', '-sSN', '-m', '20', `http://${at('/live/events')}`]);
    const answer = await until('the service is asked', () => listeners.at(-1));
    const seen = new AbortController();
    const asked = await fetch(`http://${at('/live/events')}`, { signal: seen.signal });
    const events = asked.body?.getReader();
    const second = await until('the service is asked again', () => listeners[1]);
    for (const text of ['one', 'two']) {
      second.write(`data: ${text}\n\n`);
      const piece = await events?.read();
      expect(Buffer.from(piece?.value ?? []).toString()).toBe(`data: ${text}\n\n`);
    }
    expect(asked.headers.get('content-type')).toBe('text/event-stream');
    const closed = once(second, 'close');
    seen.abort();
    await closed;
    answer.end('data: last\n\n');
    expect(await got).toEqual({ code: 0, text: 'data: last\n\n' });
  });

  it('cookies in one line, which most services look at alone', async () => {
    const cookies = ['-H', 'Cookie: a=b', '-H', 'Cookie: c=d'];
    const got = await program('curl', ['-q', '-sS', ...cookies, `http://${at('/live/cookies')}`]);
    expect(got.text).toBe('a=b; c=d');
  });

  it('nothing else than WebSocket: whoever asks for another protocol is answered in this one', async () => {
    const listed = await program('curl', [
      ...['-q', '-sS', '--http1.1', '-u', `acme:${password}`, '-H', 'Connection: Upgrade', '-H', 'Upgrade: h2c'],
      `http://${at('/c/acme/')}`,
    ]);
    expect(listed).toMatchObject({ code: 0 });
    expect(listed.text).toMatch(/^\[|^\{/);
  });
});
