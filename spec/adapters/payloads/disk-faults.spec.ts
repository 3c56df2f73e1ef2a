import { type FileHandle, open } from 'node:fs/promises';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { openDisk } from '../../support/disk-payloads.ts';
import { bytesOf, failureOf, succeeded } from '../../support/outcome.ts';

const key = 'dmz1.0abc';
const mebibyte = 1024 * 1024;
const errno = (code: string): Error => Object.assign(new Error(`${code}: as the kernel says it`), { code });

let files: FileHandle;
beforeAll(async () => {
  const handle = await open('/dev/null');
  files = Object.getPrototypeOf(handle) as FileHandle;
  await handle.close();
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe('payloads on a disk that fails', () => {
  it('takes no more data, and never syncs again, after a sync failed', async () => {
    const { store, fatal, directory } = await openDisk();
    const before = await succeeded(store.write('dmz1.before'));
    await succeeded(before.write(0, Buffer.from('safe')));
    await succeeded(before.commit());
    const other = await succeeded(store.write('dmz1.other'));
    const writer = await succeeded(store.write(key));
    await succeeded(writer.write(0, Buffer.from('lost')));
    const sync = vi.spyOn(files, 'sync').mockRejectedValueOnce(errno('EIO'));

    const failure = await failureOf(writer.commit());
    expect(failure).toMatchObject({ code: 'unavailable', lasting: 'temporary' });
    expect(failure.text).not.toContain(directory);
    expect(fatal).toHaveLength(1);

    for (const attempt of [store.write('dmz1.next'), other.write(0, Buffer.from('x')), other.commit(), writer.commit()])
      expect(await failureOf(attempt)).toMatchObject({ code: 'unavailable' });
    await writer.abandon({ keep: true });
    await other.abandon();
    expect(sync).toHaveBeenCalledTimes(1);
    expect(fatal).toHaveLength(1);
    expect(await failureOf(store.stat(key))).toMatchObject({ code: 'notFound' });
    expect((await bytesOf(await succeeded(store.read('dmz1.before')))).toString()).toBe('safe');
  });

  it('fails the commit whose name could not be made durable', async () => {
    const { store, fatal } = await openDisk();
    const writer = await succeeded(store.write(key));
    vi.spyOn(files, 'sync').mockResolvedValueOnce(undefined).mockRejectedValueOnce(errno('EIO'));
    expect(await failureOf(writer.commit())).toMatchObject({ code: 'unavailable' });
    expect(fatal).toHaveLength(1);
  });

  it('writes nothing into a directory that could not be made durable, and syncs each directory once', async () => {
    const { store } = await openDisk();
    const sync = vi.spyOn(files, 'sync');
    for (const each of [key, 'dmz1.1abc']) await succeeded(store.write(each));
    expect(sync).toHaveBeenCalledTimes(1);
    sync.mockRejectedValueOnce(errno('EIO'));
    expect(await failureOf(store.write('dmz1.0xyz'))).toMatchObject({ code: 'unavailable' });
  });

  it('notices a sync that fails while the payload is still arriving', async () => {
    const { store, fatal } = await openDisk();
    const writer = await succeeded(store.write(key));
    vi.spyOn(files, 'datasync').mockRejectedValueOnce(errno('EIO'));
    const piece = Buffer.alloc(mebibyte);
    for (let i = 0; i < 64; i += 1) await succeeded(writer.write(i * mebibyte, piece));
    expect(await failureOf(writer.commit())).toMatchObject({ code: 'unavailable' });
    expect(fatal).toHaveLength(1);
  });

  it('lets others go on when one finds the disk full', async () => {
    const { store, fatal, directory } = await openDisk();
    const writer = await succeeded(store.write(key));
    vi.spyOn(files, 'write').mockRejectedValueOnce(errno('ENOSPC'));
    await succeeded(writer.write(0, Buffer.from('x')));
    const failure = await failureOf(writer.commit());
    expect(failure).toMatchObject({ code: 'noSpace', lasting: 'temporary' });
    expect(failure.text).toContain(key);
    expect(failure.text).not.toContain(directory);
    await writer.abandon();
    const next = await succeeded(store.write(key));
    await succeeded(next.write(0, Buffer.from('fits')));
    expect(await succeeded(next.commit())).toMatchObject({ size: 4 });
    expect(fatal).toEqual([]);
  });

  it('keeps the bytes before the disk was full for a resume', async () => {
    const { store, sizeBecomes } = await openDisk();
    const writer = await succeeded(store.write(key));
    await succeeded(writer.write(0, Buffer.alloc(mebibyte, 1)));
    await sizeBecomes(key, mebibyte);
    vi.spyOn(files, 'write').mockRejectedValueOnce(errno('ENOSPC'));
    await succeeded(writer.write(mebibyte, Buffer.alloc(mebibyte, 2)));
    expect(await failureOf(writer.commit())).toMatchObject({ code: 'noSpace' });
    await writer.abandon({ keep: true });
    const next = await succeeded(store.write(key, { resume: true }));
    expect(next.size).toBe(mebibyte);
    await succeeded(next.commit());
    const bytes = await bytesOf(await succeeded(store.read(key)));
    expect(bytes.equals(Buffer.alloc(mebibyte, 1))).toBe(true);
  });

  it('lets a sender wait while the disk is behind by more than 4 MiB', async () => {
    const { store } = await openDisk();
    const writer = await succeeded(store.write(key));
    const piece = Buffer.alloc(mebibyte, 7);
    let openGate = (): void => undefined;
    const gate = new Promise<{ bytesWritten: number; buffer: Buffer }>((resolve) => {
      openGate = () => {
        resolve({ bytesWritten: mebibyte, buffer: piece });
      };
    });
    const write = vi.spyOn(files, 'write').mockReturnValueOnce(gate as never);
    for (let i = 0; i < 3; i += 1) await succeeded(writer.write(i * mebibyte, piece));
    let taken = false;
    const fifth = [3, 4].map((i) => succeeded(writer.write(i * mebibyte, piece)));
    const all = Promise.all(fifth).then(() => {
      taken = true;
    });
    await new Promise(setImmediate);
    expect(write).toHaveBeenCalledTimes(1);
    expect(taken).toBe(false);
    openGate();
    await all;
    expect(taken).toBe(true);
  });
});
