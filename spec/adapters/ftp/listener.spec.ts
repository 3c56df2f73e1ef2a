import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { ftp } from '../../../adapters/ftp/index.ts';
import { listenerContext } from '../../support/listener-context.ts';
import { memoryIntake } from '../../support/memory-intake.ts';
import { scratch } from '../../support/scratch.ts';
import { data, dial, loggedIn } from './clients.ts';
import { endpoint } from './endpoint.ts';

describe('the FTP endpoint', () => {
  it('ends a session in which nothing moves, and not one in which something runs', async () => {
    const { memory, place } = await endpoint({ idleTimeout: 150 });
    let release = (): void => undefined;
    memory.before = (what) =>
      what === 'complete' ? new Promise((resolve) => (release = () => resolve(undefined))) : undefined;
    const busy = await loggedIn(place);
    const sending = await data(busy);
    await busy.ask('STOR a');
    sending.end('x');
    for (let round = 0; round < 3; round += 1) {
      const idle = await loggedIn(place);
      expect(await idle.reply()).toMatch(/^421 Nothing has moved/);
      await idle.ended;
    }
    release();
    expect(await busy.reply()).toMatch(/^226/);
  });

  it('does not call a transfer idle while bytes move, and does when they stop', async () => {
    const { memory, place } = await endpoint({ idleTimeout: 300 });
    const hand = await loggedIn(place);
    const socket = await data(hand);
    await hand.ask('STOR a');
    let writes = 0;
    memory.before = (what) => {
      if (what === 'write') writes += 1;
      return undefined;
    };
    const other = await loggedIn(place);
    const idle = { told: false };
    const over = other.reply().then(() => (idle.told = true));
    // The other session falls idle meanwhile, so that more than the time-out has passed.
    for (let sent = 1; !idle.told || sent < 10; sent += 1) {
      socket.write('x');
      await memory.until(() => writes >= sent);
      await hand.ask('STAT').then((answer) => expect(answer).toMatch(/bytes so far/));
    }
    await over;
    expect(await hand.reply()).toMatch(/^421/);
    await memory.until(() => memory.abandoned.length === 1);
  });

  it('waits for a login no longer than it must', async () => {
    const { place } = await endpoint({ loginTimeout: 100 });
    const hand = await dial(place);
    expect(await hand.reply()).toMatch(/^421 The login took too long/);
    await hand.ended;
    const talking = await dial(place);
    const ticking = setInterval(() => talking.send('NOOP\r\n'), 10);
    await talking.ended;
    clearInterval(ticking);
  });

  it('ends a connection whose client does not read the goodbye', async () => {
    const { memory, place } = await endpoint();
    const hand = await loggedIn(place);
    hand.socket.pause();
    hand.send('HELP\r\n'.repeat(60_000));
    memory.end('acme');
    await memory.until(() => memory.sessions() === 0);
  });

  it('takes no more connections than it may', async () => {
    const { memory, place } = await endpoint({ maxConnections: 1 });
    const first = await loggedIn(place);
    const second = await dial(place);
    await second.ended;
    await first.ask('QUIT');
    await memory.until(() => memory.sessions() === 0);
    await first.ended;
    for (;;) {
      const third = await dial(place);
      const answer = await third.ask('NOOP').catch(() => '');
      if (answer.startsWith('200')) break;
    }
  });

  it('finishes what runs when it closes, and begins nothing', async () => {
    const { memory, listener, place } = await endpoint();
    const [busy, idle, gone] = [await loggedIn(place), await loggedIn(place), await loggedIn(place)];
    const socket = await data(busy);
    await busy.ask('STOR a');
    const closed = listener.close(60_000);
    expect(await idle.ask('PWD')).toMatch(/^421 The server is closing/);
    expect(await gone.ask('QUIT')).toMatch(/^221/);
    socket.end('whole');
    expect(await busy.reply()).toMatch(/^226/);
    expect(await busy.ask('PWD')).toMatch(/^421/);
    await closed;
    expect(memory.completed).toHaveLength(1);
    expect(memory.sessions()).toBe(0);
  });

  it('shows its banner before the login', async () => {
    const { place } = await endpoint({ banner: 'Partners of\nExample Inc. only' });
    const socket = connect(place.port, place.host);
    let greeting = '';
    while (!/^220 /m.test(greeting)) greeting += String((await once(socket, 'data'))[0]);
    socket.destroy();
    expect(greeting).toBe('220-Partners of\r\n220-Example Inc. only\r\n220 Ready\r\n');
  });

  it('says clearly why it cannot listen', async () => {
    const { place } = await endpoint();
    const context = listenerContext(memoryIntake([]).intake, await scratch());
    const result = await ftp.listen({ protocol: 'ftp', host: '127.0.0.1', port: place.port }, context)();
    expect(result).toMatchObject({ left: { code: 'addressInUse', lasting: 'temporary' } });
    expect(result).toMatchObject({
      left: { text: expect.stringMatching(/127\.0\.0\.1:\d+: the port is in use/) as string },
    });
  });
});

describe('the settings', () => {
  it('have the standard defaults and refuse what they do not know', () => {
    expect(ftp.settings.parse({ protocol: 'ftp' })).toEqual({
      protocol: 'ftp',
      host: '0.0.0.0',
      port: 21,
      passive: { ports: [30_000, 30_999] },
      active: false,
      settleTime: 50,
      idleTimeout: 600_000,
      loginTimeout: 30_000,
      maxLoginAttempts: 6,
      maxConnections: 500,
    });
    for (const wrong of [{ prot: 21 }, { passive: { host: 'ftp.example.com' } }, { passive: { ports: [5, 4] } }])
      expect(ftp.settings.safeParse({ protocol: 'ftp', ...wrong }).success).toBe(false);
  });
});
