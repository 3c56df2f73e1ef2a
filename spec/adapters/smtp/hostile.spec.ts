import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { manualClock } from '../../support/manual-clock.ts';
import { until } from '../../support/until.ts';
import { dial } from '../ftp/clients.ts';
import { announced, greeted, mailbox, mailOf, nobody, sender, sent } from './clients.ts';
import { endpoint } from './endpoint.ts';

const mail = mailOf('one', Buffer.from('content'));
const smuggled = `MAIL FROM:<boss@here.example>\r\nRCPT TO:<${mailbox}>\r\nDATA\r\n${mailOf('two', Buffer.from('forged'))}`;

describe('a hostile sender', () => {
  it.each([
    ['LF . LF', '\n.\n'],
    ['LF . CR LF', '\n.\r\n'],
    ['CR LF . LF', '\r\n.\n'],
    ['CR . CR', '\r.\r'],
    ['CR LF . CR', '\r\n.\r'],
    ['CR . CR LF', '\r.\r\n'],
    ['LF . CR', '\n.\r'],
    ['CR LF . NUL CR LF and a bare LF', '\r\n.\u0000\r\n\n'],
    ['CR CR LF . CR CR LF', '\r\r\n.\r\r\n'],
    ['LF . . LF', '\n..\n'],
  ])('smuggles no second mail behind %s: all is refused, and the connection ends', async (_, end) => {
    const { place, memory } = await endpoint();
    const hand = await greeted(place);
    await announced(hand, mailbox);
    hand.send(`${mail}text${end}${smuggled}.\r\nQUIT\r\n`);
    expect(await hand.reply()).toMatch(/^554 .*CR LF/);
    await hand.ended;
    await memory.until(() => memory.sessions() === 0);
    expect(memory.completed).toEqual([]);
  });

  it('smuggles none in pieces, byte by byte, either', async () => {
    const { place, memory } = await endpoint();
    const hand = await greeted(place);
    await announced(hand, mailbox);
    for (const [i, byte] of Buffer.from(`${mail}text\n.\n${smuggled}`).entries()) {
      hand.socket.write(Buffer.from([byte]));
      if (i % 7 === 0) await new Promise(setImmediate);
    }
    hand.send('.\r\n');
    expect(await hand.reply()).toMatch(/^554/);
    await hand.ended;
    expect(memory.completed).toEqual([]);
  });

  it('may begin a mail with dots, as long as they are doubled', async () => {
    const { place, memory } = await endpoint();
    const hand = await greeted(place);
    await announced(hand, mailbox);
    for (const byte of Buffer.from(`..\r\n${smuggled}.\r\n`)) hand.socket.write(Buffer.from([byte]));
    expect(await hand.reply()).toMatch(/^250/);
    expect(memory.completed).toHaveLength(1);
    expect(await hand.ask('NOOP')).toMatch(/^250/);
  });

  it.each([
    ['a bare LF', `MAIL FROM:<${sender}>\n`],
    ['a bare CR', `MAIL FROM:<${sender}>\rRCPT TO:<x>\r\n`],
    ['CR CR LF', `MAIL FROM:<${sender}>\r\r\n`],
  ])('ends no command with %s', async (_, line) => {
    const { place } = await endpoint();
    const hand = await greeted(place);
    hand.send(`${line}NOOP\r\n`);
    expect(await hand.reply()).toMatch(/^500 .*CR LF/);
    await hand.ended;
    await expect(hand.reply()).rejects.toThrow('went away, and had said ""');
  });

  it('has no command done that was cut off, and none of the library’s jokes', async () => {
    const { place, memory } = await endpoint();
    const hand = await greeted(place);
    for (const line of ['WIZ x', 'SHELL', 'KILL', 'XCLIENT ADDR=10.0.0.1', 'XFORWARD ADDR=10.0.0.1', 'BDAT 5 LAST'])
      expect(await hand.ask(line)).toMatch(/^5/);
    hand.socket.end('MAIL FROM:<a@b.example>');
    await hand.ended;
    expect(memory.attempts).toEqual([]);
  });

  it('is refused a mail that goes in a circle, a header without end, and a line without end', async () => {
    const { place, memory } = await endpoint();
    const hand = await greeted(place);
    const received = (count: number) => 'Received: from a\r\n\tby b; now\r\n'.repeat(count);
    for (const [bad, why] of [
      [`${received(51)}${mail}`, /^554 .*circle/],
      [`${'X-A: b\r\n'.repeat(40_000)}${mail}`, /^554 .*header/],
    ] as const) {
      await announced(hand, mailbox);
      expect(await sent(hand, bad)).toMatch(why);
    }
    await announced(hand, mailbox);
    expect(await sent(hand, `${received(50)}${mail}`)).toMatch(/^250/);
    await announced(hand, mailbox);
    expect(await sent(hand, `${mail}${'x'.repeat(70_000)}\r\n`)).toMatch(/^554 .*line/);
    await hand.ended;
    expect(memory.completed).toHaveLength(1);
  });

  it('is told by SIZE what is too large, is heard out, and is cut off where it does not stop', async () => {
    const { place, memory } = await endpoint({ maxMailSize: '100 KiB' });
    const hand = await greeted(place);
    expect(await hand.ask(`MAIL FROM:<${sender}> SIZE=102401`)).toMatch(/^552/);
    await announced(hand, mailbox);
    expect(await sent(hand, `${mail}${'1234567\r\n'.repeat(15_000)}`)).toMatch(/^552/);
    await announced(hand, mailbox);
    hand.send(`${mail}${'1234567\r\n'.repeat(100_000)}`);
    expect(await hand.reply()).toMatch(/^552/);
    await hand.ended;
    expect(memory.completed).toEqual([]);
  });

  it('has bounds on commands, strangers, recipients, and the length of a command', async () => {
    const { place } = await endpoint({ maxRecipients: 2 }, { recipients: ['*@here.example'] });
    const many = await greeted(place);
    const three = ['a', 'b', 'c'].map((each) => `${each}@here.example`);
    expect(await announced(many, ...three)).toMatch(/^452/);
    const guessing = await greeted(place);
    await guessing.ask(`MAIL FROM:<${sender}>`);
    for (let i = 0; i < 19; i += 1) expect(await guessing.ask(`RCPT TO:<${i}@there.example>`)).toMatch(/^550/);
    expect(await guessing.ask(`RCPT TO:<${nobody.replace('here', 'there')}>`)).toMatch(/^421/);
    const idle = await greeted(place);
    idle.send('NOOP\r\n'.repeat(200));
    await idle.ended;
    const long = await greeted(place);
    long.send(`NOOP ${'x'.repeat(20_000)}\r\n`);
    expect(await long.reply()).toMatch(/^421/);
  });

  it('is ended where it neither logs in nor has mail for anybody, or sends a mail too slowly', async () => {
    const clock = manualClock(Date.now());
    const { place, memory } = await endpoint({}, {}, clock);
    const idle = await greeted(place);
    clock.advance(60_000);
    expect(await idle.reply()).toMatch(/^421/);
    const slow = await greeted(place);
    await announced(slow, mailbox);
    const begun = new Promise<void>((resolve) => {
      memory.before = (operation) => {
        if (operation === 'write') resolve();
        return undefined;
      };
    });
    slow.send(mail);
    await begun;
    clock.advance(3_600_000);
    expect(await slow.reply()).toMatch(/^421 .*too long/);
    await slow.ended;
    await memory.until(() => memory.sessions() === 0);
    expect(memory.completed).toEqual([]);
  });

  it('is cut off where it does not come to the end of its handshake', async () => {
    const clock = manualClock(Date.now());
    const { place } = await endpoint({ protocol: 'smtps' }, {}, clock);
    const socket = connect(place.port, place.host).on('error', () => undefined);
    await once(socket, 'connect');
    const closed = once(socket, 'close');
    await until('it waits for the handshake', () => clock.pending() > 0);
    clock.advance(60_000);
    await closed;
  });

  it.each(['by time', 'by the end of the server'])('is cut off in the middle of STARTTLS, %s', async (how) => {
    const clock = manualClock(Date.now());
    const { place, listener, memory } = await endpoint({}, {}, clock);
    const hand = await greeted(place);
    expect(await hand.ask('STARTTLS')).toMatch(/^220/);
    // The beginning of a handshake that does not go on.
    hand.send(Buffer.from('1603010200010001fc0303', 'hex'));
    await new Promise(setImmediate);
    const closed = how === 'by time' ? undefined : listener.close(10);
    clock.advance(60_000);
    await hand.ended;
    await closed;
    expect(memory.sessions()).toBe(0);
  });

  it('leaves no timer behind', async () => {
    for (const [settings, tls] of [
      [{}, undefined],
      [{}, 'starttls'],
      [{ protocol: 'smtps' }, 'implicit'],
    ] as const) {
      const clock = manualClock(Date.now());
      const { place, memory } = await endpoint(settings, {}, clock);
      const hand = await greeted(place, tls);
      await announced(hand, mailbox);
      expect(await sent(hand, mail)).toMatch(/^250/);
      await hand.ask('QUIT');
      hand.socket.end();
      await memory.until(() => memory.sessions() === 0);
      await until('no timer is left', () => clock.pending() === 0);
    }
  });

  it('does not keep others out by connections beyond the limit', async () => {
    const { place } = await endpoint({ maxConnections: 1 });
    const hand = await greeted(place);
    await expect(dial(place).then((second) => second.ask('EHLO me'))).rejects.toThrow();
    hand.send('QUIT\r\n');
    await hand.ended;
    await until('there is room again', async () => (await greeted(place)).socket.writable);
  });
});
