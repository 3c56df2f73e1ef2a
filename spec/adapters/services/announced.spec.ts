import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { type Either, isLeft } from 'fp-ts/lib/Either.js';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { passingThrough } from '../../../actors/pass-through.ts';
import { httpServices } from '../../../adapters/services/index.ts';
import type { ExchangeRequest } from '../../../domain/exchange.ts';
import { noBody } from '../../../domain/exchange-rules.ts';
import { routeSettings } from '../../../domain/route.ts';
import { listenerContext } from '../../support/listener-context.ts';
import { memoryIntake } from '../../support/memory-intake.ts';
import { chunksOf } from '../../support/message-pair.ts';

describe('what a dmz in other hands asks for', () => {
  let heard = '';
  let connections = 0;
  const service = createServer((socket) => {
    connections += 1;
    socket
      .on('error', () => undefined)
      .on('data', (bytes) => {
        heard += bytes.toString('latin1');
        if (heard.includes('abc')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
        if (heard.startsWith('GET')) socket.write('HTTP/1.1 204 No Content\r\n\r\n');
      });
    socket.once('close', () => service.emit('left'));
  });
  const services = httpServices();
  beforeAll(() => new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve)));
  beforeEach(() => {
    [heard, connections] = ['', 0];
  });
  afterAll(async () => {
    await services.close();
    service.close();
  });

  const taking = () => {
    const url = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
    const routes = [routeSettings.parse({ id: 'all', path: '/', url, callers: 'everybody', maxConcurrent: 1 })];
    const { clock, log } = listenerContext(memoryIntake([]).intake, '');
    return passingThrough({ routes: () => routes, services, clock, log });
  };
  const request = (own: Partial<ExchangeRequest> = {}): ExchangeRequest => ({
    ...{ route: 'all', method: 'POST', target: '/a', headers: [], length: 3 },
    client: { address: '192.0.2.7', protocol: 'https', host: 'x', version: '1.1' },
    ...own,
  });
  const must = <A>(result: Either<unknown, A>): A => {
    if (isLeft(result)) throw new Error('it was refused');
    return result.right;
  };
  const from = { role: 'dmz', node: 'dmz1' } as const;

  it('has as many bytes as it announces', async () => {
    const { head } = must(
      await taking()(from, request(), chunksOf(Buffer.from('abc'), 2), new AbortController().signal),
    );
    expect([head.status, heard.endsWith('\r\n\r\nabc')]).toEqual([200, true]);
  });

  it.each([
    ['more', 'abGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['fewer', 'ab'],
  ])(
    'and has %s bytes than it announces ends its connection, and none beyond them comes to the service',
    async (_, text) => {
      const left = once(service, 'left');
      const { head } = must(
        await taking()(from, request(), chunksOf(Buffer.from(text), 2), new AbortController().signal),
      );
      await left;
      expect(head.status).toBe(502);
      expect(heard).not.toContain('abG');
    },
  );

  it('is not for the homes of channels', async () => {
    for (const target of ['/c/acme/a', '/%63?x'])
      expect(must(await taking()(from, request({ target }), noBody, new AbortController().signal)).head.status).toBe(
        400,
      );
    expect(connections).toBe(0);
  });

  it('and has been given up takes nobody else the place', async () => {
    const take = taking();
    const get = request({ method: 'GET', length: 0 });
    for (let i = 0; i < 3; i += 1) await take(from, get, noBody, AbortSignal.abort());
    expect(must(await take(from, get, noBody, new AbortController().signal)).head.status).toBe(204);
  });
});
