import { randomBytes } from 'node:crypto';
import type { Client, SFTPWrapper } from 'ssh2';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Endpoint } from '../../support/endpoint.ts';
import { connect, subsystem } from './clients.ts';
import { endpoint } from './endpoint.ts';

const MiB = 1024 * 1024;
const part = 32 * 1024;

type Inside = {
  readonly outgoing: { window: number; readonly id: number };
  readonly incoming: { window: number };
  readonly _protocol: { channelWindowAdjust: (id: number, amount: number) => void };
  push: (data: Buffer | null) => unknown;
};

const opened = async (): Promise<Endpoint & { client: Client; sftp: SFTPWrapper; inside: Inside }> => {
  const started = await endpoint();
  const client = await connect(started.place);
  client.on('error', () => undefined);
  onTestFinished(() => void client.end());
  const sftp = await subsystem(client);
  sftp.on('error', () => undefined);
  return { ...started, client, sftp, inside: sftp as unknown as Inside };
};

const open = (sftp: SFTPWrapper, path: string, mode: 'r' | 'w'): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    sftp.open(path, mode, (error, handle) => (error === undefined ? resolve(handle) : reject(error)));
  });

describe('the flow of a channel', () => {
  it('stops a client that sends faster than its bytes are taken over, and then lets it go on', async () => {
    const { memory, sftp, inside } = await opened();
    let release = (): void => undefined;
    const gate = new Promise<undefined>((resolve) => (release = () => resolve(undefined)));
    memory.before = (what) => (what === 'write' ? gate : undefined);
    const bytes = randomBytes(400 * part);
    const handle = await open(sftp, 'a', 'w');
    const done: Promise<void>[] = [];
    for (let at = 0; at < bytes.length; at += part)
      done.push(
        new Promise((resolve, reject) =>
          sftp.write(handle, bytes, at, part, at, (error) => (error ? reject(error) : resolve())),
        ),
      );
    await vi.waitFor(() => expect(inside.outgoing.window).toBe(0));
    const { _buffer } = sftp as unknown as { _buffer: Buffer[] };
    const unsent = _buffer.reduce((sum, each) => sum + each.length, 0);
    expect(bytes.length - unsent).toBeLessThan(5 * MiB);
    release();
    await Promise.all(done);
    await new Promise<void>((resolve, reject) => sftp.close(handle, (error) => (error ? reject(error) : resolve())));
    expect(memory.completed[0]?.bytes.equals(bytes)).toBe(true);
  });

  it('cuts off a client that sends beyond its window', async () => {
    const { memory, client, sftp, inside, lines } = await opened();
    let release = (): void => undefined;
    const gate = new Promise<undefined>((resolve) => (release = () => resolve(undefined)));
    memory.before = (what) => (what === 'write' ? gate : undefined);
    const handle = await open(sftp, 'a', 'w');
    const gone = new Promise<void>((resolve) => client.on('close', () => resolve()));
    inside.outgoing.window = 1024 * MiB;
    for (let i = 0; i < 300; i += 1) sftp.write(handle, Buffer.alloc(part), 0, part, i * part, () => undefined);
    await gone;
    release();
    expect(lines.join('\n')).toMatch(/more than its window/);
  });

  it('reads no more for a client that does not take what it asked for', async () => {
    const { memory, place, sftp, inside } = await opened();
    memory.home('acme').putFile('/big', Buffer.alloc(0), 0, 500 * MiB);
    let reads = 0;
    memory.before = (what) => {
      if (what === 'read') reads += 1;
      return undefined;
    };
    const handle = await open(sftp, 'big', 'r');
    const push = inside.push.bind(sftp);
    let received = 0;
    inside.push = (data) => {
      received += data?.length ?? 0;
      push(data);
      return false;
    };
    const wanted = 1000;
    const before = inside.incoming.window;
    let answered = 0;
    const all = new Promise<void>((resolve) => {
      for (let i = 0; i < wanted; i += 1)
        sftp.read(handle, Buffer.alloc(30_000), 0, 30_000, i * 30_000, () => {
          answered += 1;
          if (answered === wanted) resolve();
        });
    });
    await vi.waitFor(() => expect(received).toBe(before));
    // The server is well, and has had the time of another client's whole visit to read on.
    const other = await connect(place);
    await expect(open(await subsystem(other), 'big', 'r')).resolves.toHaveLength(4);
    other.end();
    // A window full of answers, and the sixteen that were being worked on.
    expect(reads).toBeLessThan(100);
    inside.push = push;
    inside._protocol.channelWindowAdjust(inside.outgoing.id, before);
    inside.incoming.window += before;
    await all;
    expect(reads).toBeGreaterThanOrEqual(wanted);
  });

  it('goes on with what waits once new keys are agreed, though the client sends nothing more', async () => {
    const { memory, place, client, sftp } = await opened();
    memory.home('acme').putFile('/big', Buffer.alloc(0), 0, 5 * MiB);
    const handles = await Promise.all(Array.from({ length: 40 }, () => open(sftp, 'big', 'r')));
    let release = (): void => undefined;
    const gate = new Promise<undefined>((resolve) => (release = () => resolve(undefined)));
    let reads = 0;
    memory.before = (what) => {
      if (what !== 'read') return undefined;
      reads += 1;
      return gate;
    };
    const answers = handles.map(
      (handle) =>
        new Promise<void>((resolve, reject) => {
          sftp.read(handle, Buffer.alloc(100), 0, 100, 0, (error) => (error ? reject(error) : resolve()));
        }),
    );
    await vi.waitFor(() => expect(reads).toBe(16));
    // The client asks for new keys and then listens to nobody, so that the exchange stays half done.
    const { _protocol, _sock } = client as unknown as {
      _protocol: { rekey: () => void };
      _sock: { pause: () => void; resume: () => void };
    };
    _sock.pause();
    _protocol.rekey();
    const visit = async (): Promise<void> => {
      const other = await connect(place);
      await subsystem(other);
      other.end();
    };
    await visit();
    release();
    await visit();
    expect(reads).toBe(16);
    _sock.resume();
    await Promise.all(answers);
    expect(reads).toBe(40);
  });
});
