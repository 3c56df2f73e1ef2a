/** What no well-behaved program sends, or only rarely. */
import { randomBytes } from 'node:crypto';
import type { SFTPWrapper } from 'ssh2';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Endpoint } from '../../support/endpoint.ts';
import { connect, subsystem } from './clients.ts';
import { endpoint } from './endpoint.ts';

type Opened = Endpoint & { readonly sftp: SFTPWrapper };

const opened = async (): Promise<Opened> => {
  const started = await endpoint();
  const client = await connect(started.place);
  client.on('error', () => undefined);
  onTestFinished(() => void client.end());
  return { ...started, sftp: await subsystem(client) };
};

/** A request of ssh2's client as a promise. */
const asked = <A>(request: (done: (error: Error | null | undefined, value: A) => void) => void): Promise<A> =>
  new Promise((resolve, reject) => request((error, value) => (error ? reject(error) : resolve(value))));
const open = (sftp: SFTPWrapper, path: string, mode: 'r' | 'w' | 'r+' | 'wx' | 'a') =>
  asked<Buffer>((done) => sftp.open(path, mode, done));
const write = (sftp: SFTPWrapper, handle: Buffer, bytes: Buffer, at: number) =>
  asked<unknown>((done) => sftp.write(handle, bytes, 0, bytes.length, at, (error) => done(error, null)));
const close = (sftp: SFTPWrapper, handle: Buffer) =>
  asked<unknown>((done) => sftp.close(handle, (error) => done(error, null)));

describe('an upload over SFTP', () => {
  it('may be written out of order', async () => {
    const { memory, sftp } = await opened();
    const bytes = randomBytes(100_000);
    const handle = await open(sftp, 'a', 'w');
    for (const at of [60_000, 20_000, 80_000, 0, 40_000])
      await write(sftp, handle, bytes.subarray(at, at + 20_000), at);
    await close(sftp, handle);
    expect(memory.completed[0]?.bytes.equals(bytes)).toBe(true);
  });

  it('with a hole is refused at CLOSE', async () => {
    const { memory, sftp } = await opened();
    const handle = await open(sftp, 'a', 'w');
    await write(sftp, handle, Buffer.from('late'), 1000);
    await expect(close(sftp, handle)).rejects.toThrow('the file has a hole');
    expect(memory.completed).toEqual([]);
  });

  it('beyond every size is refused, then and at CLOSE', async () => {
    const { memory, sftp } = await opened();
    const handle = await open(sftp, 'a', 'w');
    await expect(write(sftp, handle, Buffer.from('x'), 2 ** 60)).rejects.toThrow('no file is that large');
    await expect(write(sftp, handle, Buffer.from('x'), 0)).rejects.toThrow('no file is that large');
    await expect(close(sftp, handle)).rejects.toThrow('no file is that large');
    expect(memory.completed).toEqual([]);
  });

  it('keeps the order of what is sent without waiting, CLOSE and rename included', async () => {
    const { memory, sftp } = await opened();
    const bytes = randomBytes(600_000);
    const handle = await open(sftp, 'a.tmp', 'w');
    const parts = Array.from({ length: 20 }, (_, i) =>
      write(sftp, handle, bytes.subarray(i * 30_000, (i + 1) * 30_000), i * 30_000),
    );
    const rest = [
      close(sftp, handle),
      asked<unknown>((done) => sftp.rename('a.tmp', 'a', (error) => done(error, null))),
    ];
    await Promise.all([...parts, ...rest]);
    expect(memory.completed[0]?.bytes.equals(bytes)).toBe(true);
    expect([...memory.home('acme').nodes.keys()]).toEqual(['/', '/a']);
  });

  it('that is being made durable does not hold up another', async () => {
    const { memory, sftp } = await opened();
    let release = (): void => undefined;
    memory.before = (what, path) =>
      what === 'complete' && path === '/slow'
        ? new Promise((resolve) => (release = () => resolve(undefined)))
        : undefined;
    const [slow, quick] = [await open(sftp, 'slow', 'w'), await open(sftp, 'quick', 'w')];
    const slowDone = close(sftp, slow);
    await write(sftp, quick, Buffer.from('x'), 0);
    await close(sftp, quick);
    expect(memory.completed.map((each) => each.path)).toEqual(['/quick']);
    release();
    await slowDone;
    expect(memory.completed).toHaveLength(2);
  });

  it('does not read, and a download does not write', async () => {
    const { memory, sftp } = await opened();
    memory.home('acme').putFile('/b', Buffer.from('old'));
    const upload = await open(sftp, 'a', 'w');
    const download = await open(sftp, 'b', 'r');
    const buffer = Buffer.alloc(10);
    await expect(asked((done) => sftp.read(upload, buffer, 0, 10, 0, done))).rejects.toThrow('open for writing');
    await expect(write(sftp, download, buffer, 0)).rejects.toThrow('open for reading');
  });

  it('takes its time from FSETSTAT, tolerates a mode, and cannot be stretched', async () => {
    const { memory, sftp } = await opened();
    const handle = await open(sftp, 'a', 'w');
    await asked<unknown>((done) => sftp.fsetstat(handle, { size: 0 }, (error) => done(error, null)));
    await asked<unknown>((done) => sftp.fchmod(handle, 0o600, (error) => done(error, null)));
    await asked<unknown>((done) => sftp.futimes(handle, 1_600_000_000, 1_600_000_000, (error) => done(error, null)));
    const stretched = asked<unknown>((done) => sftp.fsetstat(handle, { size: 9 }, (error) => done(error, null)));
    await expect(stretched).rejects.toMatchObject({ code: 8 });
    await close(sftp, handle);
    expect(memory.completed[0]?.modified).toBe(1_600_000_000_000);
  });
});

describe('handles', () => {
  it('that were never given are refused', async () => {
    const { sftp } = await opened();
    for (const handle of [Buffer.from('abcd'), Buffer.alloc(0), Buffer.alloc(256)]) {
      await expect(write(sftp, handle, Buffer.from('x'), 0)).rejects.toThrow('no such handle');
      await expect(close(sftp, handle)).rejects.toThrow('no such handle');
      await expect(asked((done) => sftp.fstat(handle, done))).rejects.toThrow('no such handle');
    }
  });

  it('are 256 at most, and closing one makes room', async () => {
    const { memory, sftp } = await opened();
    const results = await Promise.allSettled(Array.from({ length: 300 }, (_, i) => open(sftp, `file-${i}`, 'w')));
    const given = results.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    expect(given).toHaveLength(256);
    await expect(asked((done) => sftp.opendir('/', done))).rejects.toThrow('too many open handles');
    await close(sftp, given[0] ?? Buffer.alloc(0));
    await expect(open(sftp, 'one-more', 'w')).resolves.toHaveLength(4);
    expect(memory.completed).toHaveLength(1);
  });
});

describe('paths over SFTP', () => {
  it('stay in the home, and bad names are refused', async () => {
    const { sftp } = await opened();
    expect(await asked<string>((done) => sftp.realpath('../../etc/./x/..', done))).toBe('/etc');
    expect(await asked<string>((done) => sftp.realpath('.', done))).toBe('/');
    await expect(open(sftp, 'new\nline', 'w')).rejects.toThrow('control characters');
    await expect(open(sftp, 'x'.repeat(300), 'w')).rejects.toThrow('longer than 255');
  });

  it('are listed in pages, whatever the length of the names', async () => {
    const { memory, sftp } = await opened();
    for (let i = 0; i < 950; i += 1)
      memory.home('acme').putFile(`/${String(i).padStart(250, 'ü').slice(-120)}${i}`, Buffer.alloc(i));
    const handle = await asked<Buffer>((done) => sftp.opendir('/', done));
    const names: string[] = [];
    const page = () => asked<{ filename: string }[]>((done) => sftp.readdir(handle, done));
    await expect(
      (async () => {
        for (;;) {
          const next = await page();
          expect(next.length).toBeLessThanOrEqual(100);
          names.push(...next.map((each) => each.filename));
        }
      })(),
    ).rejects.toMatchObject({ code: 1 });
    expect(new Set(names).size).toBe(950);
  });

  it('know no links', async () => {
    const { sftp } = await opened();
    await expect(asked((done) => sftp.readlink('x', done))).rejects.toMatchObject({ code: 8 });
    await expect(asked<unknown>((done) => sftp.symlink('x', 'y', (error) => done(error, null)))).rejects.toMatchObject({
      code: 8,
    });
  });
});

describe('a malformed packet', () => {
  it('ends its channel and nothing else', async () => {
    const { memory, place, sftp } = await opened();
    const handle = await open(sftp, 'a', 'w');
    expect(handle).toHaveLength(4);
    const raw = sftp as unknown as {
      _protocol: { channelData: (id: number, data: Buffer) => void };
      outgoing: { id: number };
    };
    raw._protocol.channelData(raw.outgoing.id, Buffer.from([0, 0, 0, 5, 6, 0, 0, 0, 9]));
    await memory.until(() => memory.abandoned.length === 1);
    const again = await connect(place);
    await expect(open(await subsystem(again), 'b', 'w')).resolves.toHaveLength(4);
    again.end();
  });
});
