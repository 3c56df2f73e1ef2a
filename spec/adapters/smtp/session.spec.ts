import { describe, expect, it } from 'vitest';
import { refusal } from '../../../domain/failure.ts';
import { dial } from '../ftp/clients.ts';
import { announced, greeted, loggedIn, mailbox, mailOf, nobody, sender, sent } from './clients.ts';
import { endpoint } from './endpoint.ts';

const mail = mailOf('one', Buffer.from('content'));
const other = 'other@here.example';

describe('an SMTP connection', () => {
  it('says what it can do: no password in clear, and no more than is so', async () => {
    const { place } = await endpoint();
    const hand = await dial(place);
    const plain = (await hand.ask('EHLO me')).split('\r\n').map((line) => line.slice(4));
    expect(plain).toEqual([
      'mx.here.example',
      'PIPELINING',
      '8BITMIME',
      'SMTPUTF8',
      'ENHANCEDSTATUSCODES',
      'STARTTLS',
      'SIZE 104857600',
    ]);
    expect(await hand.ask('AUTH PLAIN AGFjbWUAc2VjcmV0')).toMatch(/^530 .*STARTTLS/);
    await hand.ask('STARTTLS');
    await hand.encrypt();
    expect(await hand.ask('EHLO me')).toMatch(/AUTH LOGIN PLAIN/);
    expect(await hand.ask('AUTH PLAIN AGFjbWUAc2VjcmV0')).toMatch(/^235/);
  });

  it('takes a password in clear only where that is configured', async () => {
    const { place } = await endpoint({ loginInClear: true });
    const hand = await dial(place);
    expect(await hand.ask('EHLO me')).toMatch(/AUTH LOGIN PLAIN/);
    expect(await hand.ask('AUTH PLAIN AGFjbWUAc2VjcmV0')).toMatch(/^235/);
  });

  it('forgets what came in clear when TLS begins', async () => {
    const { place, memory } = await endpoint();
    const hand = await dial(place);
    await hand.ask('EHLO me');
    hand.send(`STARTTLS\r\nMAIL FROM:<${sender}>\r\n`);
    await hand.reply();
    await hand.encrypt();
    expect(await hand.ask('EHLO me')).toMatch(/^250/);
    expect(await hand.ask(`RCPT TO:<${mailbox}>`)).toMatch(/^503/);
    expect(memory.attempts).toEqual([]);
  });

  it('takes mail over TLS only where that is demanded', async () => {
    const { place } = await endpoint({ startTls: 'demand' });
    expect(await announced(await greeted(place), mailbox)).toMatch(/^530 .*STARTTLS/);
    expect(await announced(await greeted(place, 'starttls'), mailbox)).toMatch(/^354/);
  });

  it('ends after too many failed logins, and lets nobody act for another', async () => {
    const { place } = await endpoint({ maxLoginAttempts: 2 });
    const hand = await greeted(place, 'starttls');
    const token = Buffer.from('admin\0acme\0secret').toString('base64');
    expect(await hand.ask(`AUTH PLAIN ${token}`)).toMatch(/^535/);
    expect(await hand.ask('AUTH PLAIN AGFjbWUAd3Jvbmc=')).toMatch(/^421/);
    await hand.ended;
  });

  it('puts one line before the mail, and leaves it as it is otherwise', async () => {
    const { place, memory } = await endpoint();
    const hand = await greeted(place);
    await announced(hand, mailbox);
    const dotted = `${mail}.\r\n..\r\n.dot\r\n`;
    expect(await sent(hand, dotted)).toMatch(/^250 2\.6\.0 Taken as one@acme\.example\.eml\./);
    const [taken] = memory.completed;
    const whole = String(taken?.bytes);
    expect(whole.slice(whole.indexOf('From: '))).toBe(dotted);
    expect(whole.slice(0, whole.indexOf('From: '))).toMatch(
      /^Received: from mail\.acme\.example \(\[127\.0\.0\.1\]\)\r\n\tby mx\.here\.example \(Sallyport\) with ESMTP id \w+\.1\r\n\t\(envelope-from <edi@acme\.example>\) for <orders@here\.example>;\r\n\t\w{3}, \d\d \w{3} \d{4} [\d:]{8} \+0000\r\n$/,
    );
  });

  it('tells a repeated mail by the hash of what was sent, whatever we put before it', async () => {
    const { place, memory } = await endpoint();
    for (let i = 0; i < 2; i += 1) {
      const hand = await greeted(place);
      await announced(hand, mailbox);
      await sent(hand, mail);
      hand.socket.destroy();
    }
    const [one, two] = memory.completed;
    expect(one?.bytes.equals(two?.bytes ?? Buffer.alloc(0))).toBe(false);
    expect([two?.asSent, two?.path]).toEqual([one?.asSent, one?.path]);
    expect(one?.asSent).toMatch(/^[0-9a-f]{64}$/);
  });

  it('makes of a mail for two channels a transfer of each, and of two recipients of one channel one', async () => {
    const { place, memory } = await endpoint({}, { recipients: [mailbox, '*@acme.here.example'] });
    const hand = await greeted(place);
    expect(await announced(hand, mailbox, 'any@acme.here.example', other)).toMatch(/^354/);
    expect(await sent(hand, mail)).toMatch(/^250/);
    expect(memory.completed.map((each) => each.login)).toEqual(['acme', 'other']);
    expect(memory.completed[0]?.bytes.equals(memory.completed[1]?.bytes ?? Buffer.alloc(0))).toBe(true);
    expect(String(memory.completed[0]?.bytes)).not.toContain(other);
  });

  it('says no where the second of two channels has no room, and has not heard the sender for the first', async () => {
    const { place, memory } = await endpoint();
    const hand = await greeted(place);
    await announced(hand, mailbox, other);
    let completions = 0;
    memory.before = (operation) => {
      completions += operation === 'complete' ? 1 : 0;
      return completions === 2 ? refusal('noSpace', 'no room') : undefined;
    };
    expect(await sent(hand, mail)).toMatch(/^452/);
    expect(memory.completed.map((each) => each.login)).toEqual(['acme']);
    hand.send('QUIT\r\n');
    await memory.until(() => memory.sessions() === 0);
    expect(memory.orderly).toEqual([false, true]);
  });

  it('knows by the next command that the sender had its OK', async () => {
    const { place, memory } = await endpoint();
    const hand = await greeted(place);
    await announced(hand, mailbox);
    await sent(hand, mail);
    const asked: string[] = [];
    memory.before = (operation) => void asked.push(operation);
    await hand.ask('NOOP');
    expect(asked).toEqual(['wouldTake']);
  });

  it.each([
    ['its recipient is nobody here', nobody, {}],
    ['its recipient has one that has no domain', 'orders', {}],
    ['its recipient is of another channel than that of the login', 'orders@elsewhere.example', {}],
    ['its sender is not among those of the channel', mailbox, { senders: ['*@other.example'] }],
    ['it comes from another address', mailbox, { addresses: ['192.0.2.0/24'] }],
    ['who sends it has not logged in', mailbox, { needsLogin: true }],
  ])('refuses mail for good where %s', async (_, recipient, rules) => {
    const { place, memory } = await endpoint({}, rules);
    const hand = await greeted(place);
    expect(await announced(hand, recipient)).toMatch(/^(550 5\.1\.1|501|553)/);
    expect(await hand.ask('DATA')).toMatch(/^503/);
    expect(memory.sessions()).toBe(0);
  });

  it('takes the same with a login, a listed sender, a listed network, a bounce, and any case', async () => {
    const { place } = await endpoint({}, { senders: ['*@acme.example'], addresses: ['127.0.0.0/8'], needsLogin: true });
    expect(await announced(await loggedIn(place, 'starttls'), 'Orders@HERE.Example')).toMatch(/^354/);
    const bounces = await endpoint();
    const hand = await greeted(bounces.place);
    expect(await hand.ask('MAIL FROM:<>')).toMatch(/^250/);
    expect(await hand.ask(`RCPT TO:<${mailbox}>`)).toMatch(/^250/);
    expect(bounces.memory.attempts.map((each) => each.login)).toEqual(['<>']);
  });

  it('takes an address beyond ASCII, its domain as config writes it', async () => {
    const { place } = await endpoint({}, { recipients: ['größe@xn--kln-sna.example'] });
    const hand = await greeted(place);
    expect(await hand.ask(`MAIL FROM:<${sender}> SMTPUTF8 BODY=8BITMIME`)).toMatch(/^250/);
    expect(await hand.ask('RCPT TO:<Größe@köln.example>')).toMatch(/^250/);
    expect(await hand.ask('RCPT TO:<größe@xn--kln-sna.example>')).toMatch(/^250/);
  });

  it.each([
    ['noSpace', 452],
    ['tooLarge', 552],
    ['unavailable', 451],
  ] as const)('answers at RCPT what the intake would refuse: %s', async (reason, code) => {
    const { place, memory } = await endpoint();
    memory.before = (operation) => (operation === 'wouldTake' ? refusal(reason, 'not so') : undefined);
    const hand = await greeted(place);
    expect(await announced(hand, mailbox)).toMatch(new RegExp(`^${code}`));
  });

  it('ends when its channel is taken away', async () => {
    const { place, memory } = await endpoint();
    const hand = await greeted(place);
    await announced(hand, mailbox);
    memory.end('acme');
    await hand.ended;
    await memory.until(() => memory.sessions() === 0);
  });
});
