import { describe, expect, it, onTestFinished } from 'vitest';
import { renamePaths } from '../../../adapters/sftp/extensions.ts';
import { connect, openSsh, subsystem } from './clients.ts';
import { endpoint } from './endpoint.ts';

describe('the extensions of OpenSSH', () => {
  it('that we announce are those that we honour', async () => {
    const { place } = await endpoint();
    const client = await connect(place);
    onTestFinished(() => void client.end());
    const sftp = await subsystem(client);
    const { _extensions } = sftp as unknown as { _extensions: unknown };
    expect(_extensions).toEqual({ 'posix-rename@openssh.com': '1' });
  });

  it('are understood by OpenSSH itself', async () => {
    const { memory, place } = await endpoint();
    memory.home('acme').putFile('/new', Buffer.from('new'));
    memory.home('acme').putFile('/old', Buffer.from('old'));
    expect((await openSsh(place, ['rename -l new old'])).code).not.toBe(0);
    expect(await openSsh(place, ['rename new old'])).toMatchObject({ code: 0 });
    expect(memory.home('acme').nodes.get('/old')?.bytes.toString()).toBe('new');
    expect(memory.home('acme').nodes.has('/new')).toBe(false);
  });

  it('that are unknown are refused as unsupported', async () => {
    const { place } = await endpoint();
    const client = await connect(place);
    onTestFinished(() => void client.end());
    const sftp = await subsystem(client);
    (sftp as unknown as { _extensions: Record<string, string> })._extensions['fsync@openssh.com'] = '1';
    const answer = new Promise((_, reject) =>
      sftp.ext_openssh_fsync(Buffer.alloc(4), (error) => reject(error ?? new Error('OK'))),
    );
    await expect(answer).rejects.toMatchObject({ code: 8 });
  });

  it('are read to the byte: a malformed posix-rename has no paths', () => {
    const whole = Buffer.from([0, 0, 0, 1, 97, 0, 0, 0, 2, 98, 99]);
    expect(renamePaths(whole)).toEqual(['a', 'bc']);
    for (let length = 0; length < whole.length; length += 1)
      expect(renamePaths(whole.subarray(0, length))).toBeUndefined();
    expect(renamePaths(undefined)).toBeUndefined();
  });
});
