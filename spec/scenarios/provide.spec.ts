/** Files that are provided in a home on dmz, and partners' programs that pick them up. */
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lftp, lftpFtp, openSsh } from '../support/clients.ts';
import { eventsOf, sendingOf } from '../support/partner-faults.ts';
import { type Ran, run } from '../support/run.ts';
import { type Pair, password, startPair } from '../support/servers.ts';
import { expectOneStory, idle } from '../support/stories.ts';
import { wireTo } from '../support/wire.ts';

let pair: Pair;
const at = (name: string): string => join(pair.directory, name);
const curl = (login: string, url: string, ...args: readonly string[]): Promise<Ran> =>
  run('curl', ['-q', '-sS', '-k', '-u', `${login}:${password}`, ...args, url]);
const ftp = (path: string) => `ftp://127.0.0.1:${pair.ftpPort}${path}`;

/** Has a file provided for `acme` or `beta`; answers its transfer once the partner can see it. */
const provided = async (name: string, bytes: Uint8Array): Promise<string> => {
  await writeFile(at(name), bytes);
  expect(await openSsh(pair, [`put ${at(name)}`])).toMatchObject({ code: 0 });
  return (await sendingOf(pair.dmz, name, 'provided', (row) => row.state === 'provided')).id;
};
const state = async (id: string): Promise<string | undefined> => (await eventsOf(pair.dmz, id)).at(-1)?.type;

beforeAll(async () => {
  const providing = (channel: string) => ({
    name: `for-${channel}`,
    match: { channel: 'acme', name: `for-${channel}-*` },
    responses: [{ kind: 'provide', channel, directory: '/pick/up' }],
  });
  const beta = {
    name: 'beta',
    login: 'beta',
    password: { file: 'acme.password' },
    provided: { afterPickUp: 'delete' },
  };
  pair = await startPair({ moreChannels: [beta], moreProfiles: [providing('acme'), providing('beta')] });
}, 60_000);
afterAll(() => pair.end());

/** By each program: what it is told to list the directory, and to fetch a file from there. */
const programs: readonly (readonly [
  string,
  { readonly list: () => Promise<Ran>; readonly get: (name: string, to: string) => Promise<Ran> },
])[] = [
  [
    'sftp of OpenSSH',
    {
      list: () => openSsh(pair, ['ls -1 /pick/up']),
      get: (name, to) => openSsh(pair, [`get /pick/up/${name} ${to}`]),
    },
  ],
  [
    'curl over FTP',
    {
      list: () => curl('acme', ftp('/pick/up/'), '-l'),
      get: (name, to) => curl('acme', ftp(`/pick/up/${name}`), '-o', to),
    },
  ],
  [
    'curl over FTPS, explicit',
    {
      list: () => curl('acme', `ftp://127.0.0.1:${pair.ftpsPort}/pick/up/`, '-l', '--ssl-reqd'),
      get: (name, to) => curl('acme', `ftp://127.0.0.1:${pair.ftpsPort}/pick/up/${name}`, '-o', to, '--ssl-reqd'),
    },
  ],
  [
    'curl over FTPS, implicit',
    {
      list: () => curl('acme', `ftps://127.0.0.1:${pair.implicitPort}/pick/up/`, '-l'),
      get: (name, to) => curl('acme', `ftps://127.0.0.1:${pair.implicitPort}/pick/up/${name}`, '-o', to),
    },
  ],
  [
    'lftp over SFTP',
    { list: () => lftp(pair, 'cls -1 /pick/up'), get: (name, to) => lftp(pair, `get /pick/up/${name} -o ${to}; cls`) },
  ],
  [
    'lftp over FTP',
    { list: () => lftpFtp(pair, 'cls -1 /pick/up'), get: (name, to) => lftpFtp(pair, `get /pick/up/${name} -o ${to}`) },
  ],
];

describe('a provided file', () => {
  it.each(programs)('is seen and picked up by %s', async (program, { list, get }) => {
    const name = `for-acme-${program.replaceAll(/[ ,]+/g, '-')}.bin`;
    const bytes = randomBytes(300_000);
    const id = await provided(name, bytes);
    expect((await list()).out).toContain(name);
    expect(await state(id)).toBe('provided');
    expect(await get(name, at(`got-${name}`))).toMatchObject({ code: 0 });
    expect((await readFile(at(`got-${name}`))).equals(bytes)).toBe(true);
    await sendingOf(pair.dmz, name, 'picked up', (row) => row.state === 'pickedUp');
    expect((await list()).out).toContain(name);
    await sendingOf(pair.inner, name, 'picked up', (row) => row.state === 'pickedUp');
    const told = (await eventsOf(pair.inner, id)).map((event) => event.type);
    expect(told).toEqual(['created', 'requested', 'staged', 'provided', 'pickedUp']);
  });

  it('is not picked up by a download that is cut in the middle, over SFTP or FTP', async () => {
    const bytes = randomBytes(16 * 1024 * 1024);
    const id = await provided('for-acme-large', bytes);
    const wire = await wireTo(pair.sftpPort);
    const held = wire.holdAt(1024 * 1024);
    const cut = openSsh({ ...pair, sftpPort: wire.port }, [`get /pick/up/for-acme-large ${at('part')}`]);
    await held;
    await wire.close();
    expect((await cut).code).not.toBe(0);
    const ranged = await curl('acme', ftp('/pick/up/for-acme-large'), '-r', '0-999');
    expect(ranged.out.length).toBeGreaterThan(0);
    expect(await state(id)).toBe('provided');

    expect(await openSsh(pair, [`reget /pick/up/for-acme-large ${at('part')}`])).toMatchObject({ code: 0 });
    expect((await readFile(at('part'))).equals(bytes)).toBe(true);
    expect(await state(id)).toBe('pickedUp');
  });

  it('goes from the listing once it is picked up, where the channel deletes it then', async () => {
    const list = () => curl('beta', ftp('/pick/up/'), '-l');
    const id = await provided('for-beta-1', Buffer.from('hello'));
    expect((await list()).out.trim()).toBe('for-beta-1');
    expect((await curl('beta', ftp('/pick/up/for-beta-1'))).out).toBe('hello');
    expect(await state(id)).toMatch(/pickedUp|purged/);
    expect((await list()).out).toBe('');
    expect((await curl('beta', ftp('/pick/up/for-beta-1'))).code).not.toBe(0);
  });

  it('is replaced by a newer one of its name', async () => {
    const first = await provided('for-beta-2', Buffer.from('the first'));
    await provided('for-beta-2', Buffer.from('the second'));
    await sendingOf(pair.dmz, 'for-beta-2', 'replaced', (row) => row.id === first && row.state === 'expired');
    await sendingOf(pair.dmz, 'for-beta-2', 'shown', (row) => row.id !== first && row.state === 'provided');
    expect((await curl('beta', ftp('/pick/up/for-beta-2'))).out).toBe('the second');
  });

  it('leaves one story in both logs', async () => {
    await idle(pair);
    expect(await expectOneStory(pair)).toBe(20);
  });
});
