import { createHash, randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { refusal } from '../../../domain/failure.ts';
import { basic, curl, curlAs, dial, urlOf } from './clients.ts';
import { endpoint } from './endpoint.ts';

const bytes = Buffer.from('one,two\n');
const digest = (algorithm: string): string => createHash(algorithm).update(bytes).digest('base64');
const text = (value: unknown) => JSON.parse(String(value)) as Record<string, unknown>;

const world = async (settings?: Readonly<Record<string, unknown>>) => {
  const opened = await endpoint(settings);
  const local = join(opened.place.directory, 'orders.csv');
  await writeFile(local, bytes);
  const { place } = opened;
  const head = (path: string, more = ''): string =>
    `PUT /c/acme/${path} HTTP/1.1\r\nHost: x\r\n${basic(place)}Content-Length: ${bytes.length}\r\n${more}\r\n`;
  return { ...opened, local, url: urlOf(place, 'orders.csv'), head };
};

describe('a file that is put', () => {
  it('is answered with its transfer, and where that is told of', async () => {
    const { memory, place, head } = await world();
    const hand = await dial(place);
    const answer = await hand.ask(head('orders.csv') + String(bytes));
    const [transfer] = memory.completed.map((each) => each.transfer);
    expect(answer.status).toBe(201);
    expect(answer.head.toLowerCase()).toContain(`location: /c/acme/.transfers/${transfer}`);
    expect(text(answer.body)).toMatchObject({ transfer, name: 'orders.csv', size: bytes.length, ended: false });
    const told = await hand.ask(`GET /c/acme/.transfers/${transfer} HTTP/1.1\r\nHost: x\r\n${basic(place)}\r\n`);
    expect(text(told.body)).toEqual(text(answer.body));
  });

  it.each(['PUT', 'POST'])('may come in chunks of an unknown number, by %s', async (method) => {
    const { memory, place, local, url } = await world();
    const chunked = ['-X', method, '-H', 'Transfer-Encoding: chunked', '-H', 'Content-Type: text/csv'];
    expect(await curlAs(place, [...chunked, '--data-binary', `@${local}`, url])).toMatchObject({ code: 0 });
    expect(memory.completed[0]?.bytes).toEqual(bytes);
  });

  it('may have any name that a file can have', async () => {
    const { memory, place, local } = await world();
    for (const name of ['ä ö.csv', 'a%20b.csv', 'a#b?c&d=e.csv', 'a;b,c.csv', '%252e.csv', '日本.csv', "it's.csv"])
      expect(await curlAs(place, ['-T', local, urlOf(place, encodeURIComponent(name))])).toMatchObject({ code: 0 });
    expect(memory.completed.map((each) => each.path)).toEqual(
      ['ä ö.csv', 'a%20b.csv', 'a#b?c&d=e.csv', 'a;b,c.csv', '%252e.csv', '日本.csv', "it's.csv"].map(
        (each) => `/${each}`,
      ),
    );
  });

  it.each(['..%2fa', 'a%2fb', '%00', 'a%0ab', '%ff', '%', '.', '%2e%2e'])('may not be named %s', async (name) => {
    const { memory, place, head } = await world();
    const answer = await (await dial(place)).ask(head(name) + String(bytes));
    expect([400, 404]).toContain(answer.status);
    expect(answer.head).toMatch(/content-type: application\/problem\+json/i);
    expect(memory.completed).toEqual([]);
  });

  it('goes into a directory of the home', async () => {
    const { memory, place, local } = await world();
    memory.home('acme').makeDirectory('/in');
    expect(await curlAs(place, ['-T', local, urlOf(place, 'in/')])).toMatchObject({ code: 0 });
    expect(memory.completed.map((each) => each.path)).toEqual(['/in/orders.csv']);
  });

  it('is not asked for before it is clear that it would be taken', async () => {
    const { place, head } = await world();
    const hand = await dial(place);
    expect((await hand.ask(head('missing/a', 'Expect: 100-continue\r\n'))).status).toBe(404);
    await hand.ended;
    const second = await dial(place);
    expect(await second.ask(head('a', 'Expect: 100-continue\r\n'))).toMatchObject({ status: 100 });
    expect(await second.ask(String(bytes))).toMatchObject({ status: 201 });
    const third = await dial(place);
    expect((await third.ask(head('a', 'Expect: a-miracle\r\n'))).status).toBe(417);
  });

  it.each([
    ['tooLarge', 413],
    ['noSpace', 507],
    ['unavailable', 503],
    ['notPermitted', 403],
    ['busy', 409],
  ] as const)('that is refused as %s is answered %i', async (reason, status) => {
    const { memory, place, head } = await world();
    memory.before = (operation) => (operation === 'upload' ? refusal(reason, 'not so') : undefined);
    const hand = await dial(place);
    const answer = await hand.ask(head('a') + String(bytes));
    expect(answer.status).toBe(status);
    expect(text(answer.body)).toMatchObject({ status, detail: 'not so' });
    if (status === 503 || status === 507) expect(answer.head).toMatch(/retry-after: \d+/i);
    memory.before = () => undefined;
    expect((await hand.ask(head('a') + String(bytes))).status).toBe(201);
  });

  it('that is refused before its end is answered while it is still being sent', async () => {
    const { memory, place, local, url } = await world();
    await writeFile(local, randomBytes(3_000_000));
    memory.before = (operation) => (operation === 'write' ? refusal('tooLarge', 'larger than allowed') : undefined);
    const ran = await curlAs(place, ['-T', local, url]);
    expect(ran).toMatchObject({ code: 22 });
    expect(ran.text).toMatch(/"status":413.*larger than allowed/);
  });

  it('does not replace another where that is asked', async () => {
    const { memory, place, local, url } = await world();
    expect(await curlAs(place, ['-H', 'If-None-Match: *', '-T', local, url])).toMatchObject({ code: 0 });
    expect((await curlAs(place, ['-H', 'If-None-Match: *', '-T', local, url])).text).toMatch(/"status":412/);
    expect(memory.completed).toHaveLength(1);
  });

  it.each([
    ['Content-Encoding: gzip', 415],
    ['Content-Range: bytes 0-7/100', 400],
    ['If-Match: "a"', 400],
    ['Transfer-Encoding: gzip, chunked', 501],
    [`Idempotency-Key: ${'k'.repeat(300)}`, 400],
  ])('with %s is refused', async (line, status) => {
    const { memory, place, local, url } = await world();
    expect((await curlAs(place, ['-H', line, '-T', local, url])).text).toContain(`"status":${status}`);
    expect(memory.completed).toEqual([]);
  });

  it('that stops coming is given up, and answered', async () => {
    const { memory, place, head } = await world({ idleTimeout: '100ms' });
    const hand = await dial(place);
    const answer = await hand.ask(`${head('a')}one`);
    expect(answer.status).toBe(408);
    await hand.ended;
    expect(memory.abandoned).toEqual(['/a']);
  });

  it('is ours also where its sender is gone before the answer, of which it has heard nothing then', async () => {
    const { memory, place, head } = await world();
    for (const operation of ['complete', 'standing']) {
      const reached = new Promise<() => void>((resolve) => {
        memory.before = (what) => (what === operation ? new Promise((go) => resolve(() => go(undefined))) : undefined);
      });
      const hand = await dial(place);
      hand.send(head(operation) + String(bytes));
      const release = await reached;
      hand.socket.end();
      await hand.ended;
      release();
      await memory.until(() => memory.sessions() === 0);
    }
    expect(memory.completed.map((each) => each.path)).toEqual(['/complete', '/standing']);
    expect(memory.orderly).toEqual([false, false]);
    memory.before = () => undefined;
    const waiting = await dial(place);
    waiting.send(head('waited?wait=1m') + String(bytes));
    await memory.until(() => memory.completed.length === 3);
    waiting.socket.resetAndDestroy();
    await memory.until(() => memory.sessions() === 0);
  });

  it('has its own answer, whatever is sent behind it', async () => {
    const { memory, place, head } = await world();
    let release = (): void => undefined;
    const reached = new Promise<void>((resolve) => {
      memory.before = (what) => {
        if (what !== 'complete') return undefined;
        resolve();
        return new Promise((go) => (release = () => go(undefined)));
      };
    });
    const hand = await dial(place);
    let said = '';
    hand.socket.on('data', (chunk: Buffer) => (said += chunk.toString()));
    hand.send(head('a') + String(bytes));
    await reached;
    hand.send('no request at all\r\n\r\n');
    await hand.ended;
    release();
    await memory.until(() => memory.sessions() === 0);
    expect(said).toBe('');
    expect(memory.orderly).toEqual([false]);
  });

  it('is waited for as long as its partner wants, within bounds', async () => {
    const { memory, place, local, url } = await world({ longestWait: '10m' });
    const waiting = curlAs(place, ['-T', local, `${url}?wait=5m`]);
    await memory.until(() => memory.completed.length === 1);
    memory.ended.add(memory.completed[0]?.transfer ?? '');
    memory.changed();
    expect(text((await waiting).text)).toMatchObject({ state: 'acknowledged', ended: true });
    const bounded = await curlAs(place, ['-T', local, `${urlOf(place, 'b')}?wait=20ms`]);
    expect(text(bounded.text)).toMatchObject({ state: 'received', ended: false });
    expect((await curlAs(place, ['-T', local, `${url}?wait=long`])).text).toMatch(/"status":400/);
  });
});

describe('a digest', () => {
  it.each([
    `Content-Digest: sha-256=:${digest('sha256')}:`,
    `Content-Digest: sha-512=:${digest('sha512')}:, sha-256=:${digest('sha256')}:`,
    `Repr-Digest: sha-512=:${digest('sha512')}:`,
    'Content-Digest: unixsum=:AAAA:',
  ])('that fits, or is of no known kind, lets the file in: %s', async (line) => {
    const { memory, place, local, url } = await world();
    expect(await curlAs(place, ['-H', line, '-T', local, url])).toMatchObject({ code: 0 });
    expect(memory.completed).toHaveLength(1);
  });

  it.each([
    `Content-Digest: sha-256=:${digest('sha512')}:`,
    `Content-Digest: sha-256=:${digest('sha256')}:, sha-512=:${digest('sha256')}:`,
    'Repr-Digest: sha-256=:AAAA:',
    'Content-Digest: sha-256=AAAA',
  ])('that does not, keeps it out: %s', async (line) => {
    const { memory, place, local, url } = await world();
    expect((await curlAs(place, ['-H', line, '-T', local, url])).text).toMatch(/"status":400/);
    expect(memory.completed).toEqual([]);
  });
});

describe('an Idempotency-Key', () => {
  it('answers the same transfer to the same file, and refuses another', async () => {
    const { memory, place, local, url } = await world();
    const keyed = ['-H', 'Idempotency-Key: order-4711', '-T', local, url];
    const first = await curlAs(place, keyed);
    expect(await curlAs(place, keyed)).toEqual(first);
    await writeFile(local, 'another');
    expect((await curlAs(place, keyed)).text).toMatch(/"status":422/);
    expect(memory.completed).toHaveLength(1);
  });

  it('is in use while the first request runs', async () => {
    const { memory, place, head } = await world();
    const hand = await dial(place);
    const keyed = head('a', 'Idempotency-Key: k\r\n');
    hand.send(`${keyed}one`);
    await memory.until(() => memory.running.size === 1);
    const busy = await (await dial(place)).ask(keyed + String(bytes));
    expect(busy.status).toBe(409);
    expect(busy.head).toMatch(/retry-after/i);
  });
});

describe('a form', () => {
  it('delivers its file under the name in the URL, or under its own', async () => {
    const { memory, place, local, url } = await world();
    expect(await curlAs(place, ['-F', `file=@${local};filename=a.bin`, url])).toMatchObject({ code: 0 });
    const directory = urlOf(place);
    expect(await curlAs(place, ['-F', 'note=hello', '-F', `file=@${local}`, directory])).toMatchObject({ code: 0 });
    expect(memory.completed.map((each) => [each.path, String(each.bytes)])).toEqual([
      ['/orders.csv', String(bytes)],
      ['/orders.csv', String(bytes)],
    ]);
  });

  it('makes a transfer of each of its files, and tells of each', async () => {
    const { memory, place } = await world();
    await mkdir(join(place.directory, 'f'));
    const files = Array.from({ length: 5 }, (_, i) => ({ name: `f-${i}`, bytes: randomBytes(i * 50_000) }));
    for (const file of files) await writeFile(join(place.directory, 'f', file.name), file.bytes);
    const args = files.flatMap(({ name }) => ['-F', `file=@${join(place.directory, 'f', name)}`]);
    const keyed = ['-H', 'Idempotency-Key: form', ...args, urlOf(place)];
    const ran = await curlAs(place, keyed);
    expect(memory.completed.map((each) => each.path)).toEqual(files.map(({ name }) => `/${name}`));
    expect(memory.completed.every((each, i) => each.bytes.equals(files[i]?.bytes ?? Buffer.alloc(0)))).toBe(true);
    expect(text(ran.text).transfers).toHaveLength(5);
    expect(await curlAs(place, keyed)).toEqual(ran);
    expect(memory.completed).toHaveLength(5);
  });

  it.each([
    ['no boundary', 'multipart/form-data', ''],
    ['no end', 'multipart/form-data; boundary=b', '--b\r\nContent-Disposition: form-data; filename="a"\r\n\r\nx'],
    ['something before it', 'multipart/form-data; boundary=b', 'x\r\n--b--'],
    ['no file', 'multipart/form-data; boundary=b', '--b--'],
    ['a part without a name', 'multipart/form-data; boundary=b', '--b\r\n\r\nx\r\n--b--'],
    [
      'a name that is a path',
      'multipart/form-data; boundary=b',
      '--b\r\nContent-Disposition: form-data; name=f; filename="../a"\r\n\r\nx\r\n--b--',
    ],
  ])('with %s delivers nothing', async (_, type, body) => {
    const { memory, place } = await world();
    const head = `POST /c/acme/ HTTP/1.1\r\nHost: x\r\n${basic(place)}Content-Type: ${type}\r\n`;
    const answer = await (await dial(place)).ask(`${head}Content-Length: ${body.length}\r\n\r\n${body}`);
    expect(answer.status).toBe(400);
    expect(memory.completed).toEqual([]);
  });
});

describe('who puts a file', () => {
  it('logs in by Basic, or by the password as a bearer token', async () => {
    const { memory, place, local, url } = await world();
    expect(await curl(['-H', 'Authorization: Bearer secret', '-T', local, url])).toMatchObject({ code: 0 });
    expect(await curlAs(place, ['-T', local, url])).toMatchObject({ code: 0 });
    expect(memory.completed).toHaveLength(2);
  });

  it.each(['Bearer wrong', 'Bearer', 'Basic', 'Basic YWNtZQ==', 'Basic !!!!', 'Digest a=b', 'bearer a b'])(
    'is not let in by %s',
    async (authorization) => {
      const { memory, place } = await world();
      const head = `GET /c/acme/ HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\n\r\n`;
      const answer = await (await dial(place)).ask(head);
      expect(answer.status).toBe(401);
      expect(answer.head).toMatch(/www-authenticate: Basic realm.*, Bearer realm/i);
      expect(memory.sessions()).toBe(0);
    },
  );

  it('comes to its own channel only', async () => {
    const { place, local } = await world();
    const url = urlOf({ ...place, login: 'other' }, 'a');
    expect((await curlAs(place, ['-T', local, url])).text).toMatch(/"status":403/);
  });

  it('may be another with each request of a connection', async () => {
    const { memory, place } = await world();
    const hand = await dial(place);
    const ask = (login: string, password: string) =>
      hand.ask(`GET /c/${login}/ HTTP/1.1\r\nHost: x\r\n${basic({ login, password })}\r\n`);
    expect((await ask('acme', 'secret')).status).toBe(200);
    expect((await ask('other', 'also secret')).status).toBe(200);
    expect((await ask('acme', 'wrong')).status).toBe(401);
    expect(memory.attempts.map((each) => each.login)).toEqual(['acme', 'other', 'acme']);
    expect(memory.orderly).toEqual([true, true]);
  });
});
