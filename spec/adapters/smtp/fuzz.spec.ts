import { once } from 'node:events';
import { connect } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { bombs } from '../../support/mail-bombs.ts';
import { announced, greeted, mailbox, sender, sent } from './clients.ts';
import { endpoint } from './endpoint.ts';

const words = [
  ...['EHLO me', 'HELO', 'MAIL FROM:<>', `MAIL FROM:<${sender}>`, `RCPT TO:<${mailbox}>`, 'DATA', 'RSET', 'NOOP'],
  ...['VRFY x', 'AUTH PLAIN', 'AUTH LOGIN', 'BDAT 3', ' SIZE=9', ' SIZE=-1', ' BODY=8BITMIME', ' SMTPUTF8'],
  ...['Subject: x', 'Message-ID: <a@b>', '--b', '=', '.', '..', '<', '>', '@', '"', '\0', '\u00ff', '\t', ' ', ':'],
  ...['\r\n', '\r\n', '\r\n', '\r\n.\r\n', '\n', '\r'],
];
const noise = fc.string({ unit: 'binary', maxLength: 20 });
const talk = fc.array(fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...words) }, noise), { maxLength: 40 });
const begun = `EHLO me\r\nMAIL FROM:<${sender}>\r\nRCPT TO:<${mailbox}>\r\nDATA\r\n`;

const took = /^250 \S+ Taken as/;

/** All that the server says to this, and to a goodbye after it, wherever that finds it. */
const answers = async (place: { readonly host: string; readonly port: number }, pieces: readonly string[]) => {
  const socket = connect({ host: place.host, port: place.port, noDelay: true });
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => undefined);
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
  });
  const closed = once(socket, 'close');
  // Who talks before the greeting is not listened to.
  await once(socket, 'data');
  for (const piece of pieces) socket.write(piece, 'latin1');
  socket.write('\r\n.\r\nQUIT\r\n');
  await closed;
  return text.split('\r\n').slice(0, -1);
};

describe('an SMTP endpoint', () => {
  it.each([
    ['whatever is said to it', '', /^5\d\d /, 150],
    ['whatever a mail is made of', begun, took, 20],
  ])(
    'lives through %s, answers in replies alone, and has kept what it said that it took',
    async (_, first, counted, least) => {
      const { place, memory } = await endpoint();
      let all = 0;
      const property = fc.asyncProperty(talk, async (pieces) => {
        const before = memory.completed.length;
        const said = await answers(place, [first, ...pieces]);
        for (const line of said) expect(line).toMatch(/^[2-5]\d\d[ -]\P{Cc}*$/u);
        const taken = said.filter((line) => took.test(line)).length;
        await memory.until(() => memory.sessions() === 0);
        expect(memory.completed.length - before).toBe(taken);
        all += said.filter((line) => counted.test(line)).length;
      });
      // The same talks each time: how many of them come that far is no matter of luck.
      await fc.assert(property, { numRuns: 150, seed: 1 });
      expect(all).toBeGreaterThanOrEqual(least);
      expect(await announced(await greeted(place), mailbox)).toMatch(/^354/);
    },
  );

  it('takes any mail as it is, or refuses it and takes nothing of it', async () => {
    const { place, memory } = await endpoint();
    const line = fc.oneof(noise, fc.constantFrom('', '.', '..', '--b', 'Subject: x', 'Message-ID: <a@b>', ' folded'));
    const hand = await greeted(place);
    const property = fc.asyncProperty(fc.array(line, { maxLength: 30 }), async (lines) => {
      const clean = lines.map((each) => each.replace(/[\r\n]/g, '')).join('\r\n');
      const mail = clean === '' ? '' : `${clean}\r\n`;
      memory.completed.length = 0;
      await announced(hand, mailbox);
      expect(await sent(hand, mail)).toMatch(/^250/);
      const whole = String(memory.completed[0]?.bytes);
      expect(whole.slice(whole.indexOf(' +0000\r\n') + 8)).toBe(mail);
    });
    await fc.assert(property, { numRuns: 150 });
  });

  it.each(bombs)('takes a mail with %s: it is one payload here, whatever is in it', async (_, mail) => {
    const { place, memory } = await endpoint();
    const hand = await greeted(place);
    await announced(hand, mailbox);
    expect(await sent(hand, mail)).toMatch(/^250/);
    expect(String(memory.completed[0]?.bytes).endsWith(mail)).toBe(true);
  });
});
