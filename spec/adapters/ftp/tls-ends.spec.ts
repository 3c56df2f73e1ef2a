/** The end of an upload over TLS: close_notify ends a file, and nothing else does. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { connect, type TLSSocket } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { data, loggedIn } from './clients.ts';
import { endpoint } from './endpoint.ts';

/** TLS over a connection whose other end can be touched beneath it. */
const over = (plain: Socket, version: 'TLSv1.2' | 'TLSv1.3'): TLSSocket => {
  const between = new Duplex({
    read: () => void plain.resume(),
    write: (chunk, _, done) => void plain.write(chunk as Buffer, done),
    final: (done) => void plain.end(done),
  });
  plain.on('data', (chunk) => between.push(chunk)).once('close', () => between.push(null));
  const versions = { minVersion: version, maxVersion: version };
  return connect({ socket: between, rejectUnauthorized: false, ...versions }).on('error', () => undefined);
};

const storing = async (version: 'TLSv1.2' | 'TLSv1.3', settings: Readonly<Record<string, unknown>> = {}) => {
  const { memory, place } = await endpoint({ protocol: 'ftps', ...settings });
  let taken = 0;
  memory.before = (what) => {
    if (what === 'write') taken += 1;
    return undefined;
  };
  const hand = await loggedIn(place, 'explicit');
  const plain = await data(hand);
  expect(await hand.ask('STOR a')).toMatch(/^150/);
  const socket = over(plain, version);
  await once(socket, 'secureConnect');
  const send = async (bytes: Buffer): Promise<void> => {
    if (bytes.length === 0) return;
    socket.write(bytes);
    await memory.until(() => taken > 0);
  };
  return { memory, hand, plain, socket, send };
};

const versions = ['TLSv1.2', 'TLSv1.3'] as const;
const sizes = [0, 2, 70_000];
const cases = versions.flatMap((version) => sizes.map((size) => ({ version, size })));

describe('an upload over TLS', () => {
  it.each(cases)('is complete with close_notify: $version, $size bytes', async ({ version, size }) => {
    const { memory, hand, socket } = await storing(version);
    const bytes = randomBytes(size);
    socket.end(bytes);
    expect(await hand.reply()).toMatch(/^226/);
    expect(memory.completed[0]?.bytes.equals(bytes)).toBe(true);
  });

  it.each(cases)('is none where the connection ends without: $version, $size bytes', async ({ version, size }) => {
    const { memory, hand, plain, send } = await storing(version);
    await send(randomBytes(size));
    plain.end();
    expect(await hand.reply()).toMatch(/^426 .*close_notify/);
    expect(memory.completed).toEqual([]);
    expect(memory.abandoned).toEqual(['/a']);
  });

  it.each(versions)('is none where a record is not whole, or an alert is forged: %s', async (version) => {
    for (const forged of [
      [0x17, 3, 3, 0, 80, 1, 2, 3],
      [0x15, 3, 3, 0, 2, 1, 0],
    ]) {
      const { memory, hand, plain, send } = await storing(version);
      await send(randomBytes(1000));
      plain.end(Buffer.from(forged));
      expect(await hand.reply()).toMatch(/^426/);
      expect(memory.completed).toEqual([]);
    }
  });

  it.each(versions)('is none where the connection is reset: %s', async (version) => {
    const { memory, hand, plain, send } = await storing(version);
    await send(randomBytes(1000));
    plain.resetAndDestroy();
    expect(await hand.reply()).toMatch(/^426/);
    expect(memory.completed).toEqual([]);
  });

  it('is none where the connection ends before the handshake does', async () => {
    const { memory, place } = await endpoint({ protocol: 'ftps' });
    const hand = await loggedIn(place, 'explicit');
    const plain = await data(hand);
    await hand.ask('STOR a');
    plain.end();
    expect(await hand.reply()).toMatch(/^425 .*handshake/);
    expect(memory.completed).toEqual([]);
  });

  it.each(versions)('is trusted without close_notify where the endpoint says so: %s', async (version) => {
    const { memory, hand, plain, send } = await storing(version, { closeNotify: 'trust' });
    await send(randomBytes(1000));
    plain.end();
    expect(await hand.reply()).toMatch(/^226/);
    expect(memory.completed).toHaveLength(1);
  });
});
