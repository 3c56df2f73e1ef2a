import { link, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openDisk } from '../../support/disk-payloads.ts';
import { bytesOf, failureOf, succeeded } from '../../support/outcome.ts';

const key = 'dmz1.0abc';

describe('payloads on disk', () => {
  it('commits 64 at a time, each whole', async () => {
    const { store } = await openDisk();
    const keys = Array.from({ length: 64 }, (_, i) => `dmz1.c${i}`);
    await Promise.all(
      keys.map(async (each, i) => {
        const writer = await succeeded(store.write(each));
        await succeeded(writer.write(0, Buffer.alloc(4096, i)));
        expect((await succeeded(writer.commit())).size).toBe(4096);
      }),
    );
    for (const [i, each] of keys.entries())
      expect(await bytesOf(await succeeded(store.read(each)))).toEqual(Buffer.alloc(4096, i));
  });

  it('takes the first name of a payload away where a crash came between committing it and that', async () => {
    const { store, shard } = await openDisk();
    const writer = await succeeded(store.write(key));
    await succeeded(writer.write(0, Buffer.from('whole')));
    await succeeded(writer.commit());
    await link(join(shard(key), key), join(shard(key), `${key}.partial`));
    const listed = [];
    for await (const each of store.list('dmz1')) listed.push(each);
    expect(listed).toMatchObject([{ key, committed: true }]);
    expect(await readdir(shard(key))).toEqual([key]);
  });

  it('lets one of two stores win where both write the same key', async () => {
    const first = await openDisk();
    const second = await openDisk({ directory: first.directory });
    const writer = await succeeded(first.store.write(key));
    await succeeded(writer.write(0, Buffer.from('first')));
    // As another server on the same file system does it, which knows nothing of our writer.
    await writeFile(join(first.shard(key), key), 'other');
    expect(await failureOf(writer.commit())).toMatchObject({ code: 'exists', lasting: 'permanent' });
    await writer.abandon();
    expect((await bytesOf(await succeeded(second.store.read(key)))).toString()).toBe('other');
    expect(await readdir(first.shard(key))).toEqual([key]);
  });

  it('keeps what was being written when it is closed, and goes on with it when it is opened again', async () => {
    const { store, directory } = await openDisk();
    const writer = await succeeded(store.write(key));
    await succeeded(writer.write(0, Buffer.from('half ')));
    await store.close();
    expect(await failureOf(store.write('dmz1.next'))).toMatchObject({ code: 'unavailable', lasting: 'temporary' });
    const again = await openDisk({ directory });
    const second = await succeeded(again.store.write(key, { resume: true }));
    expect(second.size).toBe(5);
    await succeeded(second.write(5, Buffer.from('whole')));
    await succeeded(second.commit());
    expect((await bytesOf(await succeeded(again.store.read(key)))).toString()).toBe('half whole');
  });

  it('gives a file with holes another name, so that its length is never taken for data', async () => {
    const { store, shard, namesBecome } = await openDisk();
    const writer = await succeeded(store.write(key));
    await succeeded(writer.write(10, Buffer.from('b')));
    await namesBecome(key, [`${key}.scattered`]);
    await succeeded(writer.write(0, Buffer.alloc(10, 'a')));
    await namesBecome(key, [`${key}.partial`]);
    await succeeded(writer.commit());
    expect(await readdir(shard(key))).toEqual([key]);
  });

  it('starts anew where a crash left a file with holes', async () => {
    const { store, shard } = await openDisk();
    await mkdir(shard(key));
    await writeFile(join(shard(key), `${key}.scattered`), Buffer.alloc(100));
    const writer = await succeeded(store.write(key, { resume: true }));
    expect(writer.size).toBe(0);
    await succeeded(writer.commit());
    expect(await readdir(shard(key))).toEqual([key]);
  });

  it('knows a payload by its committed name where a crash left both names', async () => {
    const { store, shard } = await openDisk();
    const writer = await succeeded(store.write(key));
    await succeeded(writer.write(0, Buffer.from('whole')));
    await succeeded(writer.commit());
    await link(join(shard(key), key), join(shard(key), `${key}.partial`));
    const listed = [];
    for await (const each of store.list('dmz1')) listed.push(each);
    expect(listed).toMatchObject([{ key, size: 5, committed: true }]);
    expect(await failureOf(store.write(key, { resume: true }))).toMatchObject({ code: 'exists' });
    await succeeded(store.remove(key));
    expect(await readdir(shard(key))).toEqual([]);
  });

  it('passes over files that are not its own', async () => {
    const { store, shard } = await openDisk();
    await mkdir(shard(key));
    await writeFile(join(shard(key), '.nfs0001'), 'x');
    await writeFile(join(shard(key), 'dmz1.READ-ME'), 'x');
    const listed = [];
    for await (const each of store.list('dmz1')) listed.push(each);
    expect(listed).toEqual([]);
  });

  it('refuses a payload that comes in more pieces than a client has in flight', async () => {
    const { store } = await openDisk();
    const writer = await succeeded(store.write(key));
    for (let i = 1; i <= 1024; i += 1) await succeeded(writer.write(i * 2, Buffer.from('x')));
    expect(await failureOf(writer.write(9999, Buffer.from('x')))).toMatchObject({ code: 'scattered' });
    await succeeded(writer.write(0, Buffer.from('xx')));
    expect(writer.size).toBe(3);
  });

  it('closes the file when a reader stops early', async () => {
    const { store, openFiles } = await openDisk();
    const writer = await succeeded(store.write(key));
    await succeeded(writer.write(0, Buffer.alloc(1024 * 1024)));
    await succeeded(writer.commit());
    const unread = await succeeded(store.read(key));
    expect(await openFiles()).toEqual([]);
    for await (const chunk of unread) {
      expect(chunk.length).toBeLessThanOrEqual(256 * 1024);
      expect(await openFiles()).toHaveLength(1);
      break;
    }
    expect(await openFiles()).toEqual([]);
  });

  it('ends a reading whose payload is removed with a failure that names the key', async () => {
    const { store, directory } = await openDisk();
    await succeeded((await succeeded(store.write(key))).commit());
    const writer = await succeeded(store.write('dmz1.long'));
    await succeeded(writer.write(0, Buffer.alloc(10)));
    await succeeded(writer.commit());
    const bytes = await succeeded(store.read('dmz1.long'));
    await succeeded(store.remove('dmz1.long'));
    const error: unknown = await bytesOf(bytes).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ message: 'there is no payload dmz1.long', cause: { code: 'notFound' } });
    expect(String(error)).not.toContain(directory);
  });
});
