/** The same requests, made by curl, to us and to nginx, which has the same file: the answers are the same. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PartnerServer, startNginx } from '../../support/partner-servers.ts';
import { program } from '../../support/program.ts';
import { urlOf } from './clients.ts';
import { endpoint } from './endpoint.ts';

const content = Buffer.from(Array.from({ length: 10_000 }, (_, i) => `${i},`).join(''));
const modified = Date.UTC(2026, 0, 2, 3, 4, 5);
const date = new Date(modified).toUTCString();
const matters = /^(content-(length|range)|accept-ranges|last-modified|www-authenticate|connection): .*$/gim;

let nginx: PartnerServer;
beforeAll(async () => {
  nginx = await startNginx({ more: ['default_type application/octet-stream;'] });
  const home = join(nginx.disk, 'c/acme');
  await mkdir(home, { recursive: true });
  for (const each of [join(nginx.disk, 'c'), home]) await nginx.own(each);
  await writeFile(join(home, 'a.bin'), content);
  await utimes(join(home, 'a.bin'), modified / 1000, modified / 1000);
});
afterAll(() => nginx.stop());

/** What both say: curl's exit code, each answer's status, what of the heads matters, and the body, boundaries alike. */
const both = async (args: readonly string[], path = 'a.bin') => {
  const { memory, place } = await endpoint();
  memory.home('acme').putFile('/a.bin', content, modified);
  const ask = async (at: { readonly port: number }, password: string, more: readonly string[]) => {
    const url = urlOf({ ...place, ...at }, path);
    const ran = await program('curl', ['-q', '-s', '-i', '--max-time', '20', '-u', `acme:${password}`, ...more, url]);
    const answers = ran.text.split(/^(?=HTTP\/1\.1 \d)/m);
    const boundary = /boundary=(\S+)/.exec(ran.text)?.[1] ?? 'none';
    const last = (answers.at(-1) ?? '').replaceAll(boundary, 'boundary');
    const [head = '', ...body] = last.split('\r\n\r\n');
    return {
      code: ran.code,
      statuses: answers.map((each) => each.slice(9, 12)),
      // Of several parts the length depends on the boundary's.
      head: (head.match(matters) ?? [])
        .map((each) => each.toLowerCase())
        .filter((each) => boundary === 'none' || !each.startsWith('content-length'))
        .sort(),
      etag: /^etag: (.*)$/im.exec(head)?.[1] ?? '',
      body: createHash('sha256').update(body.join('\r\n\r\n').toLowerCase()).digest('hex'),
    };
  };
  const etags = [await ask(place, 'secret', []), await ask(nginx, 'open sesame', [])].map(({ etag }) => etag);
  const own = (i: number): readonly string[] => args.map((each) => each.replace('ETAG', etags[i] ?? ''));
  return { ours: await ask(place, 'secret', own(0)), theirs: await ask(nginx, 'open sesame', own(1)) };
};

describe('of a file that is got, nginx and we give the same', () => {
  it.each([
    [[], '200'],
    [['-I'], '200'],
    [['-r', '0-0'], '206'],
    [['-r', '100-199'], '206'],
    [['-r', '48880-'], '206'],
    [['-r', '-10'], '206'],
    [['-r', '-1000000'], '206'],
    [['-r', '48000-1000000'], '206'],
    [['-I', '-r', '5-9'], '206'],
    [['-C', '48000'], '206'],
    [['-r', '0-1,4-5'], '206'],
    [['-r', '0-1,-3,1000000-'], '206'],
    [['-r', '5-6,1000000-'], '206'],
    [['-r', '0-40000,0-40000'], '200'],
    [['-r', '1000000-'], '416'],
    [['-r', '1000000-,2000000-'], '416'],
    [['-r', '-0'], '416'],
    [['-H', 'Range: lines=1-2'], '200'],
    [['-r', '5-9', '-H', 'If-Range: ETAG'], '206'],
    [['-r', '5-9', '-H', `If-Range: ${date}`], '206'],
    [['-r', '5-9', '-H', 'If-Range: "other"'], '200'],
    [['-r', '5-9', '-H', 'If-Range: Fri, 02 Jan 2026 03:04:06 GMT'], '200'],
    [['-H', 'If-Match: "other"'], '412'],
    [['-H', 'If-Match: "other", ETAG'], '200'],
    [['-H', 'If-None-Match: ETAG'], '304'],
    [['-H', 'If-None-Match: W/ETAG'], '304'],
    [['-H', 'If-None-Match: "other"', '-H', `If-Modified-Since: ${date}`], '200'],
    [['-H', `If-Modified-Since: ${date}`], '304'],
    [['-H', 'If-Modified-Since: Fri, 02 Jan 2026 03:04:04 GMT'], '200'],
    [['-0'], '200'],
    [['-H', 'Connection: close'], '200'],
  ] as const)('for curl %j: %s', async (args, status) => {
    const { ours, theirs } = await both(args);
    expect(ours.statuses.at(-1)).toBe(status);
    // An error's page, its length, and what one says of ranges beside it, are everybody's own.
    const bare = status.startsWith('2') ? {} : { body: '', etag: '', head: [] };
    expect({ ...ours, etag: '', ...bare }).toEqual({ ...theirs, etag: '', ...bare });
  });
});

describe('of a file that is put, nginx and we say the same', () => {
  const chunked = ['-H', 'Transfer-Encoding: chunked'];
  it.each([
    ['small', 10, [], ['100', '201']],
    ['empty', 0, [], ['201']],
    ['in chunks', 100_000, chunked, ['100', '201']],
    ['large, so that curl asks for leave', 1_500_000, [], ['100', '201']],
    ['large and in chunks', 1_500_000, chunked, ['100', '201']],
    ['large, with leave that is not asked for', 1_500_000, ['-H', 'Expect:'], ['201']],
    ['small, with leave that is not asked for', 10, ['-H', 'Expect:'], ['201']],
    ['over HTTP 1.0', 10, ['-0'], ['201']],
    ['with a wrong password, before leave is given', 1_500_000, ['-u', 'acme:wrong'], ['401']],
    ['in a coding that is none', 10, ['-H', 'Transfer-Encoding: xchunked'], ['501']],
    ['with a length beside chunks', 10, [...chunked, '-H', 'Content-Length: 10'], ['400']],
    ['with another length', 10, ['-H', 'Content-Length: x'], ['400']],
  ] as const)('%s', async (name, size, args, statuses) => {
    const file = join(nginx.disk, 'sent');
    await writeFile(file, randomBytes(size));
    const { ours, theirs } = await both(['-T', file, ...args], encodeURIComponent(name));
    expect([ours.code, ours.statuses]).toEqual([theirs.code, theirs.statuses]);
    expect(ours.statuses).toEqual(statuses);
  });
});
