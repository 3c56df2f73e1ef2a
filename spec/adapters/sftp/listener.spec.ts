import { randomBytes } from 'node:crypto';
import { stat, writeFile } from 'node:fs/promises';
import { connect as dial, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { sftp } from '../../../adapters/sftp/index.ts';
import { listenerContext } from '../../support/listener-context.ts';
import { manualClock } from '../../support/manual-clock.ts';
import { memoryIntake } from '../../support/memory-intake.ts';
import { scratch } from '../../support/scratch.ts';
import { connect, openSsh, subsystem } from './clients.ts';
import { endpoint } from './endpoint.ts';

const closed = (emitter: { on: (event: 'close', listener: () => void) => unknown }): Promise<void> =>
  new Promise((resolve) => {
    emitter.on('close', () => resolve());
  });

const dialled = (port: number): Socket => {
  const socket = dial(port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.resume();
  onTestFinished(() => void socket.destroy());
  return socket;
};

const failure = async (settings: Readonly<Record<string, unknown>>): Promise<string> => {
  const directory = await scratch();
  const context = listenerContext(memoryIntake([]).intake, directory);
  const result = await sftp.listen({ protocol: 'sftp', host: '127.0.0.1', port: 0, ...settings }, context)();
  if (result._tag === 'Left') return result.left.text;
  await result.right.close(0);
  return 'it listens';
};

describe('the SFTP endpoint', () => {
  it('ends a session in which nothing moves, and not one in which something runs', async () => {
    const clock = manualClock();
    const { memory, place } = await endpoint({ idleTimeout: '10m' }, {}, clock);
    let release = (): void => undefined;
    let reached = (): void => undefined;
    const completing = new Promise<void>((resolve) => (reached = resolve));
    memory.before = (what) => {
      if (what !== 'complete') return undefined;
      reached();
      return new Promise((resolve) => (release = () => resolve(undefined)));
    };
    const busy = await subsystem(await connect(place));
    const done = new Promise<void>((resolve, reject) => {
      busy.open('a', 'w', (_, handle) => busy.close(handle, (error) => (error ? reject(error) : resolve())));
    });
    await completing;
    const idle = await connect(place);
    clock.advance(9 * 60_000);
    expect(memory.sessions()).toBe(2);
    const gone = closed(idle);
    clock.advance(60_000);
    await gone;
    await memory.until(() => memory.sessions() === 1);
    release();
    await done;
    clock.advance(10 * 60_000);
    await memory.until(() => memory.sessions() === 0);
    expect(memory.completed).toHaveLength(1);
  });

  it('waits for a login no longer than it must', async () => {
    const clock = manualClock();
    const { place } = await endpoint({}, {}, clock);
    for (const said of ['', 'SSH-2.0-Halfway\r\n']) {
      const socket = dialled(place.port);
      const gone = closed(socket);
      await new Promise((resolve) => socket.once('data', resolve));
      socket.write(said);
      clock.advance(29_000);
      expect(socket.closed).toBe(false);
      clock.advance(1000);
      await gone;
    }
  });

  it('takes no more connections than it may', async () => {
    const { memory, place } = await endpoint({ maxConnections: 1 });
    const first = await connect(place);
    await expect(connect(place)).rejects.toThrow();
    const gone = closed(first);
    first.end();
    await gone;
    await memory.until(() => memory.sessions() === 0);
    expect(await openSsh(place, ['pwd'])).toMatchObject({ code: 0 });
  });

  it('lets a connection have ten channels', async () => {
    const { place } = await endpoint();
    const client = await connect(place);
    onTestFinished(() => void client.end());
    const results = await Promise.allSettled(Array.from({ length: 12 }, () => subsystem(client)));
    expect(results.filter((each) => each.status === 'fulfilled')).toHaveLength(10);
  });

  it('survives rubbish before and after the greeting', async () => {
    const { place } = await endpoint();
    for (const start of ['', 'SSH-2.0-Rubbish\r\n']) {
      const socket = dialled(place.port);
      const gone = closed(socket);
      socket.write(Buffer.concat([Buffer.from(start), randomBytes(100_000)]));
      await gone;
    }
    expect(await openSsh(place, ['pwd'])).toMatchObject({ code: 0 });
  });

  it('shows its banner before the login', async () => {
    const { place } = await endpoint({ banner: 'Partners of Example Inc. only\n' });
    expect((await openSsh(place, ['pwd'], ['-o', 'LogLevel=INFO'])).text).toMatch('Partners of Example Inc. only');
  });

  it('says clearly why it cannot listen', async () => {
    const { place } = await endpoint();
    const directory = await scratch();
    const junk = join(directory, 'junk');
    await writeFile(junk, 'not a key');
    expect(await failure({ port: place.port })).toMatch(/127\.0\.0\.1:\d+: the port is in use; .*another port/);
    expect(await failure({ hostKeys: [join(directory, 'none')] })).toMatch(/none cannot be read; name a file/);
    expect(await failure({ hostKeys: [junk] })).toMatch(/junk is not a private key without a passphrase/);
  });
});

describe('the host keys', () => {
  it('are made once, for the owner only, and logged by fingerprint', async () => {
    const directory = await scratch();
    const start = async (): Promise<string> => {
      const context = listenerContext(memoryIntake([]).intake, directory);
      const result = await sftp.listen({ protocol: 'sftp', host: '127.0.0.1', port: 0 }, context)();
      if (result._tag === 'Left') throw new Error(result.left.text);
      await result.right.close(0);
      return (/"hostKeys":\[[^\]]+\]/.exec(context.lines.join('\n')) ?? [''])[0];
    };
    const [first, second] = await Promise.all([start(), start()]);
    expect(first).toMatch(/ssh-ed25519 SHA256:[A-Za-z0-9+/]{43}".*ecdsa-sha2-nistp256 SHA256:/);
    expect(second).toBe(first);
    expect(await start()).toBe(first);
    for (const name of ['ssh_host_ed25519_key', 'ssh_host_ecdsa_key'])
      expect((await stat(join(directory, name))).mode & 0o777).toBe(0o600);
  });
});

describe('the settings', () => {
  it('have the standard defaults and refuse what they do not know', () => {
    expect(sftp.settings.parse({ protocol: 'sftp' })).toEqual({
      protocol: 'sftp',
      host: '0.0.0.0',
      port: 22,
      idleTimeout: 600_000,
      loginTimeout: 30_000,
      maxLoginAttempts: 6,
      maxConnections: 500,
    });
    expect(sftp.settings.safeParse({ protocol: 'sftp', prot: 22 }).success).toBe(false);
  });
});
