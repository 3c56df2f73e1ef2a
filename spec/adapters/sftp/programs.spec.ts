/** Partners' programs other than OpenSSH. */
import { randomBytes } from 'node:crypto';
import { readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Endpoint } from '../../support/endpoint.ts';
import { program } from '../../support/program.ts';
import { careless, openSsh } from './clients.ts';
import { endpoint } from './endpoint.ts';

const prepared = async (): Promise<Endpoint & { local: string; bytes: Buffer }> => {
  const opened = await endpoint();
  const local = join(opened.place.directory, 'orders.xml');
  const bytes = randomBytes(700_001);
  await writeFile(local, bytes);
  return { ...opened, local, bytes };
};

describe('lftp', () => {
  const lftp = ({ place }: Endpoint, commands: string) =>
    program('lftp', [
      '--norc',
      '-e',
      `set sftp:connect-program "ssh -a -x ${careless.join(' ')}"; set net:max-retries 1; ${commands}; bye`,
      '-u',
      `${place.login},${place.password}`,
      `sftp://${place.host}:${place.port}`,
    ]);

  it('puts, lists, renames, changes modes and removes', async () => {
    const opened = await prepared();
    const { memory, local, bytes } = opened;
    const ran = await lftp(
      opened,
      `set cmd:fail-exit yes; mkdir in; cd in; put ${local}; chmod 600 orders.xml; mv orders.xml renamed.xml; ls; cd ..; mkdir empty; rmdir empty; put ${local} -o gone; rm gone; get in/renamed.xml -o ${local}.back`,
    );
    expect(ran).toEqual({ code: 0, text: expect.any(String) as string });
    expect(ran.text).toMatch(/-rw-r--r--.*700001.*renamed\.xml/);
    expect(memory.completed.map((each) => each.path)).toEqual(['/in/orders.xml', '/gone']);
    expect(memory.completed[0]?.bytes.equals(bytes)).toBe(true);
    expect([...memory.home('acme').nodes.keys()].sort()).toEqual(['/', '/in', '/in/renamed.xml']);
    expect((await readFile(`${local}.back`)).equals(bytes)).toBe(true);
  });

  it('puts four files at a time', async () => {
    const opened = await prepared();
    const names = Array.from({ length: 12 }, (_, i) => `part-${i}.dat`);
    for (const name of names) await writeFile(join(opened.place.directory, name), randomBytes(150_000));
    const ran = await lftp(opened, `set cmd:fail-exit yes; mput -P 4 ${opened.place.directory}/part-*.dat`);
    expect(ran).toEqual({ code: 0, text: expect.any(String) as string });
    expect(opened.memory.completed.map((each) => each.path).sort()).toEqual(names.map((name) => `/${name}`).sort());
    for (const { path, bytes } of opened.memory.completed)
      expect(bytes.equals(await readFile(join(opened.place.directory, path)))).toBe(true);
  });
});

describe('curl', () => {
  it('puts, lists and gets', async () => {
    const opened = await prepared();
    const { memory, place, local, bytes } = opened;
    const curl = (...args: string[]) =>
      program('curl', ['-q', '-sS', '--insecure', '-u', `${place.login}:${place.password}`, ...args]);
    const url = `sftp://${place.host}:${place.port}/`;
    expect(await curl('-T', local, `${url}orders.xml`)).toMatchObject({ code: 0 });
    expect(memory.completed[0]?.bytes.equals(bytes)).toBe(true);
    expect((await curl(url)).text).toMatch(/700001.*orders\.xml/);
    expect(await curl(`${url}orders.xml`, '-o', `${local}.back`)).toMatchObject({ code: 0 });
    expect((await readFile(`${local}.back`)).equals(bytes)).toBe(true);
    expect((await curl(`${url}missing`)).code).toBe(78);
  });
});

describe('psftp', () => {
  it('puts, lists, renames and gets', async () => {
    const opened = await prepared();
    const { memory, place, local, bytes, lines } = opened;
    const hostKey = /ssh-ed25519 (SHA256:[^"]+)/.exec(lines.join('\n'))?.[1] ?? 'no host key was logged';
    const batch = join(place.directory, 'batch');
    await writeFile(
      batch,
      `mkdir in\nput ${local} in/a.xml\nmv in/a.xml in/b.xml\nls in\nget in/b.xml ${local}.back\ndel in/b.xml\nrmdir in\nquit\n`,
    );
    const ran = await program(
      'psftp',
      [
        '-batch',
        '-hostkey',
        hostKey,
        '-P',
        String(place.port),
        '-l',
        place.login,
        '-pw',
        place.password,
        '-b',
        batch,
        place.host,
      ],
      { env: { HOME: place.directory } },
    );
    expect(ran).toEqual({ code: 0, text: expect.any(String) as string });
    expect(ran.text).toMatch(/700001.*b\.xml/);
    expect(memory.completed[0]?.bytes.equals(bytes)).toBe(true);
    expect((await readFile(`${local}.back`)).equals(bytes)).toBe(true);
    expect([...memory.home('acme').nodes.keys()]).toEqual(['/']);
  });
});

describe('paramiko', () => {
  it('puts with confirmation, keeps times, prefetches, appends to nothing that was delivered', async () => {
    const opened = await prepared();
    const { memory, place, local, bytes } = opened;
    await utimes(local, 1_700_000_000, 1_700_000_000);
    const script = `
import os, sys, paramiko
t = paramiko.Transport((${JSON.stringify(place.host)}, ${place.port}))
t.connect(username='acme', password='secret')
s = paramiko.SFTPClient.from_transport(t)
local = sys.argv[1]
s.put(local, 'orders.xml', confirm=True)
s.utime('orders.xml', (1700000000, 1700000000))
assert s.stat('orders.xml').st_mtime == 1700000000
s.get('orders.xml', local + '.back')
s.chmod('orders.xml', 0o600)
s.posix_rename('orders.xml', 'b.xml')
with s.open('fresh', 'a') as f: f.write(b'one'); f.write(b'two')
for refused in (lambda: s.open('fresh', 'a'), lambda: s.open('fresh', 'wx'), lambda: s.open('missing', 'r+'), lambda: s.symlink('b.xml', 'l'), lambda: s.truncate('b.xml', 1)):
    try: refused(); sys.exit('not refused')
    except IOError: pass
print(sorted(s.listdir()))
t.close()
`;
    const ran = await program('/usr/bin/python3', ['-c', script, local]);
    expect(ran).toEqual({ code: 0, text: "['b.xml', 'fresh']\n" });
    expect(memory.completed[0]?.bytes.equals(bytes)).toBe(true);
    expect(memory.completed[1]?.bytes.toString()).toBe('onetwo');
    expect((await readFile(`${local}.back`)).equals(bytes)).toBe(true);
  });
});

describe('rclone', () => {
  it('copies there and back with times', async () => {
    const opened = await prepared();
    const { memory, place, local, bytes } = opened;
    await utimes(local, 1_700_000_000, 1_700_000_000);
    const password = await program('rclone', ['obscure', place.password]);
    const remote = `:sftp,host=${place.host},port=${place.port},user=${place.login},pass=${password.text.trim()},shell_type=none:`;
    const rclone = (...args: string[]) =>
      program('rclone', ['--config', '/dev/null', '--retries', '1', ...args], { env: { HOME: place.directory } });
    expect(await rclone('copyto', local, `${remote}in/orders.xml`)).toMatchObject({ code: 0 });
    expect(memory.completed.map((each) => each.size)).toEqual([bytes.length]);
    expect(memory.home('acme').nodes.get('/in/orders.xml')?.modified).toBe(1_700_000_000_000);
    expect(await rclone('copyto', `${remote}in/orders.xml`, `${local}.back`)).toMatchObject({ code: 0 });
    expect((await readFile(`${local}.back`)).equals(bytes)).toBe(true);
    expect(
      await rclone('check', place.directory, `${remote}in`, '--include', 'orders.xml', '--download'),
    ).toMatchObject({ code: 0 });
  });
});

describe('OpenSSH', () => {
  it('changes keys in the middle of a transfer', async () => {
    const { memory, place } = await endpoint();
    const local = join(place.directory, 'large');
    const bytes = randomBytes(20_000_000);
    await writeFile(local, bytes);
    const ran = await openSsh(place, [`put ${local} large`, `get large ${local}.back`], ['-o', 'RekeyLimit=1M']);
    expect(ran).toEqual({ code: 0, text: expect.any(String) as string });
    expect(memory.completed[0]?.bytes.equals(bytes)).toBe(true);
    expect((await readFile(`${local}.back`)).equals(bytes)).toBe(true);
  });

  it('neither runs commands nor forwards ports', async () => {
    const { place } = await endpoint();
    const askpass = join(place.directory, 'ask');
    await writeFile(askpass, '#!/bin/sh\necho secret\n', { mode: 0o700 });
    const ssh = (...args: string[]) =>
      program('ssh', [...careless, '-p', String(place.port), ...args], {
        env: { SSH_ASKPASS: askpass, SSH_ASKPASS_REQUIRE: 'force' },
      });
    const target = `acme@${place.host}`;
    expect((await ssh(target, 'id')).text).toMatch(/exec request failed/);
    expect((await ssh(target)).text).toMatch(/shell request failed|PTY allocation request failed/);
    expect((await ssh('-N', '-o', 'ExitOnForwardFailure=yes', '-R', '0:127.0.0.1:1', target)).text).toMatch(
      /forwarding failed/i,
    );
    expect((await ssh('-W', `127.0.0.1:${place.port}`, target)).text).toMatch(
      /administratively prohibited|forwarding failed/,
    );
  });
});
