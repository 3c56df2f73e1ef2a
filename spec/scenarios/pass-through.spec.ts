import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../support/free-port.ts';
import type { PartnerServer } from '../support/partner-servers.ts';
import { run } from '../support/run.ts';
import { linked, type Pair, password, startPair } from '../support/servers.ts';
import { startService } from '../support/services.ts';
import { until } from '../support/until.ts';

describe.each(['pushback', 'direct'] as const)('a request is passed through in %s mode', (mode) => {
  let pair: Pair;
  let service: PartnerServer;
  let [plainPort, securePort] = [0, 0];
  beforeAll(async () => {
    service = await startService();
    [plainPort, securePort] = [await freePort(), await freePort()];
    const url = `http://127.0.0.1:${service.port}`;
    const open = { callers: 'everybody' };
    pair = await startPair({
      mode,
      dmz: {
        listeners: [
          { protocol: 'http', host: '127.0.0.1', port: plainPort },
          { protocol: 'https', host: '127.0.0.1', port: securePort, http2: true },
        ],
      },
      inner: {
        routes: [
          { id: 'site', path: '/site', url, ...open },
          { id: 'based', path: '/based', url: `${url}/base`, ...open },
          { id: 'small', path: '/small', url, maxRequest: 1000, maxAnswer: 1000, methods: ['GET', 'PUT'], ...open },
          { id: 'slow', path: '/slow', url: `${url}/slow`, ...open, timeout: '4s' },
          { id: 'one', path: '/one', url: `${url}/slow`, ...open, maxConcurrent: 1 },
          { id: 'partners', path: '/partners', url, callers: ['acme'] },
          { id: 'secret', path: '/site/secret', url, callers: ['acme'] },
          { id: 'nobody', path: '/nobody', url: 'http://127.0.0.1:1', ...open },
        ],
      },
    });
  }, 60_000);
  afterAll(() => Promise.all([pair.end(), service.stop()]));

  const file = (name: string): string => join(pair.directory, name);
  const curl = (path: string, ...args: readonly string[]) =>
    run('curl', ['-q', '-sS', '--path-as-is', ...args, `http://127.0.0.1:${plainPort}${path}`]);
  const status = async (path: string, ...args: readonly string[]): Promise<string> =>
    (await curl(path, '-o', '/dev/null', '-w', '%{http_code}', ...args)).out;
  const told = async (path: string, ...args: readonly string[]) =>
    new Map((await curl(path, ...args)).out.split('|').map((each) => each.split(/=(.*)/s) as [string, string]));

  it.each([
    ['0 bytes', 0, []],
    ['a few', 17, []],
    ['20 MB', 20_000_000, []],
    ['20 MB in chunks', 20_000_000, ['-H', 'Transfer-Encoding: chunked']],
    ['what waits for leave', 100_000, ['-H', 'Expect: 100-continue']],
  ] as const)('with %s, and back byte for byte', async (_, size, args) => {
    const bytes = randomBytes(size);
    await writeFile(file('sent'), bytes);
    const name = `f-${size}-${args.length}${args[1]?.slice(0, 1) ?? ''}`;
    expect(await status(`/based/${name}`, '-T', file('sent'), ...args)).toMatch(/^20[14]$/);
    expect((await readFile(join(service.disk, 'base', name))).equals(bytes)).toBe(true);
    expect((await curl(`/based/${name}`, '-o', file('got'))).code).toBe(0);
    expect((await readFile(file('got'))).equals(bytes)).toBe(true);
  });

  it('under the path and with the query that were asked for, to the base of the service', async () => {
    const wholes = ['/site/told/a%20b?c=d%2f&e', '/site/told', '/site/told?x'];
    for (const whole of wholes) expect((await curl(whole)).out).toContain(`GET ${whole.slice(5)}|`);
    await writeFile(join(service.disk, 'base', 'here'), 'here it is');
    expect((await curl('/based/here')).out).toBe('here it is');
  });

  it('with what the client says, but for what is for one hop alone and what only we may say', async () => {
    const headers = {
      ...{ 'X-Own': 'kept', 'X-Hop': 'dropped', Connection: 'close, X-Hop', TE: 'trailers', 'Keep-Alive': 'x' },
      ...{
        Forwarded: 'for=1.2.3.4',
        'X-Forwarded-For': '1.2.3.4',
        'X-Real-IP': '1.2.3.4',
        'Sallyport-Channel': 'boss',
      },
      ...{ Authorization: 'Bearer own', Via: '1.0 old', Cookie: 'a=b; c=d' },
    };
    const seen = await told(
      '/site/told',
      ...Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]),
    );
    expect(Object.fromEntries(seen)).toMatchObject({
      ...{ host: `127.0.0.1:${service.port}`, forwarded: `for=127.0.0.1;proto=http;host="127.0.0.1:${plainPort}"` },
      ...{ x_forwarded_for: '127.0.0.1', x_real_ip: '', via: '1.0 old, 1.1 sallyport', x_own: 'kept', x_hop: '' },
      ...{ te: '', keep_alive: '', connection: 'keep-alive', sallyport_channel: '', authorization: 'Bearer own' },
      ...{ cookie: 'a=b; c=d', expect: '', upgrade: '' },
    });
  });

  it('and its answer comes as it is: HEAD, not modified, ranges, redirects that name no address of ours', async () => {
    await writeFile(join(service.disk, 'base', 'page.html'), '<p>hello</p>');
    const head = await curl('/based/page.html', '-I');
    expect(head.out).toMatch(/^HTTP\/1\.1 200 [\s\S]*content-length: 12\r/i);
    expect(head.out).toMatch(/\r\nvia: 1\.1 sallyport\r/i);
    const etag = /etag: (.*)\r/i.exec(head.out)?.[1] ?? '';
    expect(await status('/based/page.html', '-H', `If-None-Match: ${etag}`)).toBe('304');
    expect((await curl('/based/page.html', '-r', '3-7')).out).toBe('hello');
    expect(await status('/based/none')).toBe('404');
    const moved = await curl('/based/../moved', '-I');
    expect(moved.out).toMatch(/^HTTP\/1\.1 400 /);
    expect((await curl('/site/moved', '-I')).out).toMatch(/\r\nlocation: \/site\/base\/there\r/i);
  });

  it('for those alone who may call, which the service is told, and their password is not', async () => {
    expect(await status('/partners/told')).toBe('401');
    expect(await status('/partners/told', '-u', 'acme:wrong')).toBe('401');
    const seen = await told('/partners/told', '-u', `acme:${password}`);
    expect(Object.fromEntries(seen)).toMatchObject({ sallyport_channel: 'acme', authorization: '' });
    const foreign = ['-u', `acme:${password}`, '-H', 'Origin: https://elsewhere.example'];
    expect(await status('/partners/told', '-X', 'POST', ...foreign)).toBe('403');
    expect(await status('/partners/told', ...foreign, '-H', 'Connection: Upgrade', '-H', 'Upgrade: websocket')).toBe(
      '403',
    );
    expect(await status('/partners/told', ...foreign)).toBe('200');
    for (const path of ['/site/secret/told', '/site//secret/told', '/site/%73ecret/told', '/site%2fsecret/told'])
      expect(await status(path)).toMatch(/^40[01]$/);
    for (const path of ['/site/x/../secret/told', '/site/x/..;a/told', '/site/x%2f..%2f..', '/site/%2e%2e/told'])
      expect(await status(path)).toBe('400');
  });

  it('over HTTP/2, with a length and without, and never half of it', async () => {
    const bytes = randomBytes(1_000_000);
    await writeFile(file('sent'), bytes);
    const second = (path: string, args: string) =>
      run('sh', [
        '-c',
        `curl -q -sS --http2 --insecure -w '%{http_code} %{http_version}' ${args} https://127.0.0.1:${securePort}${path}`,
      ]);
    expect((await second('/based/two', `-T ${file('sent')}`)).out).toMatch(/^20[14] 2$/);
    expect((await second('/based/three', `-T - < ${file('sent')}`)).out).toMatch(/^20[14] 2$/);
    for (const name of ['two', 'three'])
      expect((await readFile(join(service.disk, 'base', name))).equals(bytes)).toBe(true);
    expect((await second('/based/two', `-o ${file('got')}`)).out).toBe('200 2');
    expect((await readFile(file('got'))).equals(bytes)).toBe(true);
    expect((await second('/site/told', '')).out).toContain(
      `|forwarded=for=127.0.0.1;proto=https;host="127.0.0.1:${securePort}"|`,
    );
    await second('/based/half', `-m 1 --limit-rate 100k -T - < ${file('sent')}`);
    expect((await second('/based/half', '-o /dev/null')).out).toBe('404 2');
    await writeFile(join(service.disk, 'large'), randomBytes(2000));
    expect((await second('/small/large', '-o /dev/null')).out).toBe('502 2');
  });

  it('within the limits of its route', async () => {
    await writeFile(file('large'), randomBytes(2000));
    await writeFile(join(service.disk, 'large'), randomBytes(2000));
    expect(await status('/small/up', '-T', file('large'))).toBe('413');
    expect(await status('/small/up', '-T', file('large'), '-H', 'Transfer-Encoding: chunked')).toBe('413');
    expect(await status('/small/large')).toBe('502');
    expect(await status('/small/told', '-X', 'DELETE')).toBe('405');
    expect(await status('/nobody/at/all')).toBe('502');
    expect(await status('/nowhere')).toBe('404');
  });

  it('in its time, and no more of them at once than may', async () => {
    await writeFile(join(service.disk, 'slow'), randomBytes(100_000));
    const cut = await curl('/slow', '-o', '/dev/null', '-m', '20');
    expect(cut.code).toBe(18);
    const second = `https://127.0.0.1:${securePort}/slow`;
    expect(
      (await run('curl', ['-q', '-sS', '--http2', '--insecure', '-o', '/dev/null', '-m', '20', second])).code,
    ).toBe(92);
    const first = curl('/one', '-N', '-o', file('one'), '-m', '8');
    await until('it has begun', async () => (await readFile(file('one'))).length > 0);
    expect((await curl('/one', '-I')).out).toMatch(/^HTTP\/1\.1 503 [\s\S]*retry-after: 1\r/i);
    expect((await first).code).toBe(28);
    await until('it is free again', async () => (await status('/one', '-I')) === '200');
  });

  it('not while inner is away, nor before dmz has heard of it again; then it is', async () => {
    await pair.inner.stop();
    await until('the link is down', async () => (await pair.dmz.status()).links.every((link) => !link.up));
    const away = /^HTTP\/1\.1 503 [\s\S]*retry-after: 10\r/i;
    expect((await curl('/site/told', '-i')).out).toMatch(away);
    await pair.dmz.stop();
    await pair.dmz.start();
    expect((await curl('/site/told', '-i')).out).toMatch(away);
    await pair.inner.start();
    await linked(pair);
    await until('it is passed through', async () => (await status('/site/told')) === '200');
  });
});
