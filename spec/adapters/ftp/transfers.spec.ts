/** Data connections and transfers, by hand. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { refusal } from '../../../domain/failure.ts';
import type { MemoryIntake } from '../../support/memory-intake.ts';
import { data, dial, type Hand, loggedIn, received } from './clients.ts';
import { endpoint } from './endpoint.ts';

/** Resolves once so many bytes of uploads were written. */
const written = (memory: MemoryIntake): ((count: number) => Promise<void>) => {
  let writes = 0;
  memory.before = (what) => {
    if (what === 'write') writes += 1;
    return undefined;
  };
  return (count) => memory.until(() => writes >= count);
};

const storing = async (hand: Hand, command: string): Promise<Socket> => {
  const socket = await data(hand);
  expect(await hand.ask(command)).toMatch(/^150 /);
  return socket;
};

const store = async (hand: Hand, command: string, bytes: Buffer | string): Promise<string> => {
  (await storing(hand, command)).end(bytes);
  return hand.reply();
};

describe('an upload', () => {
  it('goes on after REST and with APPE, where an earlier connection was cut', async () => {
    const { memory, place } = await endpoint();
    const bytes = randomBytes(30_000);
    for (const [command, from] of [
      ['STOR', 10_000],
      ['APPE', 20_000],
    ] as const) {
      const sent = written(memory);
      const first = await loggedIn(place);
      const cut = await storing(first, `STOR ${command}`);
      cut.write(bytes.subarray(0, from));
      await sent(1);
      cut.resetAndDestroy();
      expect(await first.reply()).toMatch(/^426/);
      first.socket.resetAndDestroy();
      const second = await loggedIn(place);
      expect(await second.ask(`SIZE ${command}`)).toBe(`213 ${from}`);
      expect(await second.ask(`REST ${from}`)).toMatch(/^350/);
      expect(await store(second, `${command} ${command}`, bytes.subarray(from))).toMatch(/^226/);
      expect(memory.completed.at(-1)?.bytes.equals(bytes)).toBe(true);
    }
  });

  it('begins anew with a plain STOR, and refuses to leave a hole, a rest, or to change what was delivered', async () => {
    const { memory, place } = await endpoint();
    const hand = await loggedIn(place);
    memory.home('acme').partials.set('/a', Buffer.from('0123456789'));
    await hand.ask('REST 11');
    await data(hand);
    expect(await hand.ask('STOR a')).toBe('554 Cannot go on at byte 11: 10 bytes of the file are here.');
    await hand.ask('REST 5');
    expect(await store(hand, 'STOR a', 'abc')).toMatch(/^550 .*ended at byte 8, and 10 were here/);
    await hand.ask('REST 5');
    expect(await store(hand, 'STOR a', 'ABCDEF')).toMatch(/^226/);
    expect(memory.completed[0]?.bytes.toString()).toBe('01234ABCDEF');
    await data(hand);
    expect(await hand.ask('APPE a')).toMatch(/^550 .*cannot be appended to/);
    memory.home('acme').partials.set('/b', Buffer.from('0123456789'));
    expect(await store(hand, 'STOR b', 'new')).toMatch(/^226/);
    expect(memory.completed[1]?.bytes.toString()).toBe('new');
  });

  it('gets a name of its own with STOU', async () => {
    const { memory, place } = await endpoint();
    const hand = await loggedIn(place);
    for (const command of ['STOU', 'STOU orders.xml']) {
      const socket = await data(hand);
      const name = /^150 FILE: (\S+)$/.exec(await hand.ask(command))?.[1];
      socket.end('x');
      expect(await hand.reply()).toMatch(/^226/);
      expect(memory.completed.at(-1)?.path).toBe(`/${name}`);
    }
    expect(memory.completed[1]?.path).toMatch(/^\/orders\.xml\../);
  });

  it.each([
    ['the data connection is reset', (_: Hand, socket: Socket) => void socket.resetAndDestroy()],
    ['the control connection ends first', (hand: Hand) => void hand.socket.end()],
    ['the control connection is reset', (hand: Hand) => void hand.socket.resetAndDestroy()],
    [
      'both end at once, as when a program dies',
      (hand: Hand, socket: Socket) => {
        hand.socket.end();
        socket.end();
      },
    ],
  ])('is not completed where %s', async (_, cut) => {
    const { memory, place } = await endpoint();
    const sent = written(memory);
    const hand = await loggedIn(place);
    const socket = await storing(hand, 'STOR a');
    socket.write('half');
    await sent(1);
    cut(hand, socket);
    await memory.until(() => memory.abandoned.length === 1);
    expect(memory.completed).toEqual([]);
  });

  it('is not completed where the control connection ends shortly after the data', async () => {
    const { memory, place } = await endpoint({ settleTime: '1h' });
    const sent = written(memory);
    const hand = await loggedIn(place);
    const socket = await storing(hand, 'STOR a');
    socket.end('half');
    await sent(1);
    await once(socket, 'end');
    hand.socket.end();
    await memory.until(() => memory.abandoned.length === 1);
    expect(memory.completed).toEqual([]);
  });

  it.each([
    ['ends only once the bytes are on disk', '', (hand: Hand) => void hand.socket.destroy()],
    ['is reset only once the bytes are on disk', '', (hand: Hand) => void hand.socket.resetAndDestroy()],
    ['ends only then, although the announced size has come', 'ALLO 4', (hand: Hand) => void hand.socket.destroy()],
  ])('stays incomplete where the control connection %s', async (_, announce, end) => {
    const { memory, place } = await endpoint({ settleTime: '0s' });
    const hand = await loggedIn(place);
    if (announce !== '') await hand.ask(announce);
    memory.before = (what) => {
      if (what === 'complete') end(hand);
      return undefined;
    };
    (await storing(hand, 'STOR a')).end('half');
    await memory.until(() => memory.sessions() === 0);
    expect(memory.completed).toEqual([]);
    expect(memory.home('acme').partials.get('/a')?.toString()).toBe('half');
  });

  it('stays incomplete where it is aborted only once the bytes are on disk', async () => {
    const { memory, place } = await endpoint();
    const hand = await loggedIn(place);
    memory.before = (what) => {
      if (what === 'complete') hand.send('ABOR\r\n');
      return undefined;
    };
    (await storing(hand, 'STOR a')).end('whole');
    expect(await hand.reply()).toMatch(/^426/);
    expect(await hand.reply()).toMatch(/^226/);
    expect(memory.completed).toEqual([]);
  });

  it('is completed at once where its announced size has come', async () => {
    const { place } = await endpoint({ settleTime: '1h' });
    const hand = await loggedIn(place);
    expect(await hand.ask('ALLO 5')).toMatch(/^200/);
    expect(await store(hand, 'STOR a', 'whole')).toMatch(/^226/);
  });

  it('is aborted by ABOR, also with Telnet signals, and answers 426 then 226', async () => {
    const { memory, place } = await endpoint();
    const hand = await loggedIn(place);
    for (const abort of ['ABOR\r\n', Buffer.from([0xff, 0xf4, 0xf2, ...Buffer.from('ABOR\r\n')])]) {
      const sent = written(memory);
      const socket = await storing(hand, 'STOR a');
      socket.write('half');
      await sent(1);
      hand.send(abort);
      expect(await hand.reply()).toMatch(/^426/);
      expect(await hand.reply()).toMatch(/^226/);
    }
    expect(memory.abandoned).toHaveLength(2);
    expect(await hand.ask('ABOR')).toMatch(/^226/);
    expect(await store(hand, 'STOR a', 'whole')).toMatch(/^226/);
  });

  it('lets the client ask how it goes', async () => {
    const { memory, place } = await endpoint();
    const sent = written(memory);
    const hand = await loggedIn(place);
    const socket = await storing(hand, 'STOR a');
    socket.write('12345');
    await sent(1);
    expect(await hand.ask('STAT')).toMatch(/A transfer runs: 5 bytes so far/);
    expect(await hand.ask('NOOP')).toMatch(/^200/);
    hand.send('PWD\r\n');
    socket.end();
    expect(await hand.reply()).toMatch(/^226/);
    expect(await hand.reply()).toMatch(/^257/);
  });

  it('ends with the reason where the intake refuses', async () => {
    const { memory, place } = await endpoint();
    memory.before = (what) =>
      what === 'write' ? refusal('tooLarge', 'larger than the 10 bytes that are allowed') : undefined;
    const hand = await loggedIn(place);
    const socket = await storing(hand, 'STOR a');
    socket.write(Buffer.alloc(1_000_000));
    expect(await hand.reply()).toBe('552 larger than the 10 bytes that are allowed');
    memory.before = (what) =>
      what === 'upload' || what === 'wouldTake' ? refusal('noSpace', 'there is no room') : undefined;
    expect(await hand.ask('ALLO 1000')).toBe('452 there is no room');
    await data(hand);
    expect(await hand.ask('STOR a')).toBe('452 there is no room');
  });

  it('hangs up on a client that floods it meanwhile', async () => {
    const { memory, place } = await endpoint();
    const hand = await loggedIn(place);
    await storing(hand, 'STOR a');
    hand.send('PWD\r\n'.repeat(1000));
    expect(await hand.reply()).toMatch(/^421 Too many commands/);
    await hand.ended;
    await memory.until(() => memory.abandoned.length === 1);
  });
});

describe('a download', () => {
  it('begins where REST says, and not beyond the end', async () => {
    const { memory, place } = await endpoint();
    memory.home('acme').putFile('/a', Buffer.from('0123456789'));
    const hand = await loggedIn(place);
    for (const [from, rest] of [
      [4, '456789'],
      [10, ''],
    ] as const) {
      await hand.ask(`REST ${from}`);
      const socket = await storing(hand, 'RETR a');
      expect((await received(socket)).toString()).toBe(rest);
      expect(await hand.reply()).toMatch(/^226/);
    }
    await hand.ask('REST 11');
    await data(hand);
    expect(await hand.ask('RETR a')).toMatch(/^554/);
  });

  it('takes no more memory than a client that reads slowly lets it', async () => {
    const { memory, place } = await endpoint();
    let read = 0;
    memory.home('acme').putFile('/a', Buffer.alloc(0), 0, 1e12);
    memory.before = (what) => {
      if (what === 'read') read += 1;
      return undefined;
    };
    const hand = await loggedIn(place);
    const socket = (await data(hand)).pause();
    await hand.ask('RETR a');
    for (let before = -1; before !== read; ) {
      before = read;
      for (let i = 0; i < 20; i += 1) await hand.ask('NOOP');
    }
    // What the system's own buffers take, and a little of ours.
    expect(read).toBeLessThan(64);
    socket.destroy();
    expect(await hand.reply()).toMatch(/^426/);
  });
});

describe('the data connection', () => {
  it('is taken from the address of the control connection only', async () => {
    const { place } = await endpoint({ host: '0.0.0.0' });
    const here = { host: '127.0.0.1', port: place.port };
    const hand = await loggedIn({ ...place, ...here });
    const port = Number(/\|(\d+)\|/.exec(await hand.ask('EPSV'))?.[1]);
    const stranger = connect({ port, host: '127.0.0.1', localAddress: '127.0.0.2' });
    stranger.on('error', () => undefined);
    await once(stranger, 'close');
    const own = connect({ port, host: '127.0.0.1' });
    expect(await hand.ask('STOR a')).toMatch(/^150/);
    own.end('mine');
    expect(await hand.reply()).toMatch(/^226/);
  });

  it('has a port of the range, or a clear refusal where none is free', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void taken.close());
    await once(taken, 'listening');
    const { port } = taken.address() as { port: number };
    const { place } = await endpoint({ passive: { ports: [port, port] } });
    const hand = await loggedIn(place);
    expect(await hand.ask('PASV')).toMatch(/^425 No port is free/);
    taken.close();
    await once(taken, 'close');
    expect(await hand.ask('EPSV')).toBe(`229 Entering Extended Passive Mode (|||${port}|)`);
    const other = await loggedIn(place);
    expect(await other.ask('EPSV')).toMatch(/^425/);
    expect(await hand.ask('PASV')).toMatch(/^227/);
  });

  it('has the address that NAT demands', async () => {
    const { place } = await endpoint({ passive: { host: '203.0.113.7', ports: [40_000, 40_191] } });
    const hand = await loggedIn(place);
    expect(await hand.ask('PASV')).toMatch(/^227 .*\(203,0,113,7,156,\d+\)/);
  });

  it('works over IPv6, with EPSV', async () => {
    const { memory, place } = await endpoint({ host: '::1' });
    const hand = await loggedIn(place);
    expect(await hand.ask('PASV')).toMatch(/^425 .*EPSV/);
    expect(await hand.ask('EPSV 1')).toBe('522 Network protocol not supported, use (2)');
    expect(await store(hand, 'STOR a', 'six')).toMatch(/^226/);
    expect(memory.completed).toHaveLength(1);
  });

  it('takes IPv4 and IPv6 on one endpoint', async () => {
    const { memory, place } = await endpoint({ host: '::' });
    for (const host of ['127.0.0.1', '::1']) {
      const hand = await loggedIn({ ...place, host });
      if (host === '127.0.0.1') expect(await hand.ask('PASV')).toMatch(/^227 .*\(127,0,0,1,/);
      expect(await store(hand, 'STOR a', host)).toMatch(/^226/);
    }
    expect(memory.completed.map(({ bytes }) => bytes.toString())).toEqual(['127.0.0.1', '::1']);
  });

  it('is asked for with EPSV only, after EPSV ALL', async () => {
    const { place } = await endpoint();
    const hand = await loggedIn(place);
    expect(await hand.ask('EPSV ALL')).toMatch(/^200/);
    expect(await hand.ask('PASV')).toMatch(/^503/);
    expect(await hand.ask('EPSV')).toMatch(/^229/);
  });

  it('must have been asked for', async () => {
    const { memory, place } = await endpoint();
    const hand = await loggedIn(place);
    memory.home('acme').putFile('/a', Buffer.from('x'));
    for (const command of ['LIST', 'RETR a', 'STOR b']) expect(await hand.ask(command)).toMatch(/^425 /);
  });

  it('is never opened by us, unless that is set', async () => {
    const { place } = await endpoint();
    const hand = await loggedIn(place);
    expect(await hand.ask('PORT 127,0,0,1,200,1')).toMatch(/^502 Active mode is off/);
    expect(await hand.ask('EPRT |1|127.0.0.1|51201|')).toMatch(/^502/);
    expect(await hand.ask('FEAT')).not.toMatch('EPRT');
  });

  it('is opened by us to the client itself only, where that is set', async () => {
    const { memory, place } = await endpoint({ active: true });
    const hand = await loggedIn(place);
    expect(await hand.ask('FEAT')).toMatch('EPRT');
    for (const foreign of [
      'PORT 127,0,0,2,200,1',
      'PORT 127,0,0,1,3,255',
      'EPRT |1|127.0.0.2|51201|',
      'EPRT |2|::1|51201|',
    ])
      expect(await hand.ask(foreign)).toMatch(/^504/);
    for (const broken of ['PORT 127,0,0,1,200', 'PORT 127,0,0,1,256,1', 'EPRT x', 'EPRT', 'EPRT |1|x|5|'])
      expect(await hand.ask(broken)).toMatch(/^501/);
    const server = createServer((socket) => socket.end('active')).listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    for (const command of [`PORT 127,0,0,1,${port >> 8},${port & 255}`, `EPRT |1|127.0.0.1|${port}|`]) {
      expect(await hand.ask(command)).toMatch(/^200/);
      expect(await hand.ask('STOR a')).toMatch(/^150/);
      expect(await hand.reply()).toMatch(/^226/);
    }
    expect(memory.completed.map(({ bytes }) => bytes.toString())).toEqual(['active', 'active']);
    server.close();
    await once(server, 'close');
    await hand.ask(`PORT 127,0,0,1,${port >> 8},${port & 255}`);
    expect(await hand.ask('STOR a')).toMatch(/^150/);
    expect(await hand.reply()).toMatch(/^425/);
  });

  it('may be used by a client that has no session only in vain', async () => {
    const { place } = await endpoint();
    const hand = await loggedIn(place);
    const socket = await data(hand);
    const gone = once(socket, 'close');
    await hand.ask('QUIT');
    await gone;
    expect(await (await dial(place)).ask('PWD')).toMatch(/^530/);
  });
});
