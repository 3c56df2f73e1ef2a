/** What is said on the control connection, by hand. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { verbs } from '../../../adapters/ftp/verbs.ts';
import { refusal } from '../../../domain/failure.ts';
import { data, dial, loggedIn, received } from './clients.ts';
import { endpoint } from './endpoint.ts';

describe('logging in', () => {
  it('says the same of an unknown login and a wrong password, and hangs up after so many', async () => {
    const { memory, place } = await endpoint({ maxLoginAttempts: 3 });
    const hand = await dial(place);
    const answers: string[] = [];
    for (const login of ['acme', 'nobody', 'acme']) {
      await hand.ask(`USER ${login}`);
      answers.push(await hand.ask('PASS wrong'));
    }
    expect(answers[0]).toBe('530 Login or password is wrong.');
    expect(answers[1]).toBe(answers[0]);
    expect(answers[2]).toMatch(/^421 .*Too many/);
    await hand.ended;
    expect(memory.attempts).toHaveLength(3);
    expect(memory.sessions()).toBe(0);
  });

  it('comes before everything that it must come before', async () => {
    const { memory, place } = await endpoint();
    const hand = await dial(place);
    for (const command of [
      'PWD',
      'LIST',
      'STOR x',
      'PASV',
      'EPSV',
      'PORT 127,0,0,1,200,1',
      'SITE CHMOD 644 x',
      'STAT /',
      'RNFR x',
    ])
      expect(await hand.ask(command)).toMatch(/^530 /);
    expect(await hand.ask('PASS secret')).toMatch(/^503 /);
    expect(memory.attempts).toEqual([]);
    for (const command of ['FEAT', 'SYST', 'NOOP', 'HELP', 'OPTS UTF8 ON', 'CLNT x', 'STAT'])
      expect(await hand.ask(command)).toMatch(/^2/);
  });

  it('takes a second USER, which ends the first session', async () => {
    const { memory, place } = await endpoint();
    const hand = await loggedIn(place);
    await hand.ask('MKD in');
    expect(await hand.ask('CWD in')).toMatch(/^250/);
    expect(await hand.ask('USER acme')).toMatch(/^331/);
    expect(memory.sessions()).toBe(0);
    expect(await hand.ask('PWD')).toMatch(/^530/);
    expect(await hand.ask('PASS secret')).toMatch(/^230/);
    expect(await hand.ask('PWD')).toMatch(/^257 "\/"/);
    expect(await hand.ask('REIN')).toMatch(/^220/);
    expect(memory.orderly).toEqual([true, true]);
  });

  it('hangs up where the intake takes nobody', async () => {
    const { memory, place } = await endpoint();
    memory.before = () => refusal('tooManySessions', 'too many sessions of this login');
    const hand = await dial(place);
    await hand.ask('USER acme');
    expect(await hand.ask('PASS secret')).toBe('421 too many sessions of this login');
    await hand.ended;
  });

  it('closes the session of a client that has left meanwhile', async () => {
    const { memory, place } = await endpoint();
    let release = (): void => undefined;
    let reached = (): void => undefined;
    const checking = new Promise<void>((resolve) => (reached = resolve));
    memory.before = (what) => {
      if (what !== 'login') return undefined;
      reached();
      return new Promise((resolve) => (release = () => resolve(undefined)));
    };
    const hand = await dial(place);
    await hand.ask('USER acme');
    hand.send('PASS secret\r\n');
    await checking;
    hand.socket.destroy();
    await hand.ended;
    release();
    await memory.until(() => memory.orderly.length === 1);
    expect(memory.sessions()).toBe(0);
  });
});

describe('the end of a session', () => {
  it('is orderly after QUIT, and after a FIN that follows the last reply', async () => {
    const { memory, place } = await endpoint();
    const first = await loggedIn(place);
    expect(await first.ask('QUIT')).toMatch(/^221/);
    await first.ended;
    const second = await loggedIn(place);
    second.socket.end();
    await memory.until(() => memory.orderly.length === 2);
    expect(memory.orderly).toEqual([true, true]);
  });

  it('is not orderly after a reset, or when the server had to end it', async () => {
    const { memory, place } = await endpoint();
    const first = await loggedIn(place);
    first.socket.resetAndDestroy();
    await memory.until(() => memory.orderly.length === 1);
    const second = await loggedIn(place);
    memory.end('acme');
    expect(await second.reply()).toMatch(/^421/);
    await memory.until(() => memory.orderly.length === 2);
    expect(memory.orderly).toEqual([false, false]);
  });
});

describe('the control connection', () => {
  it('answers pipelined commands in order, however they are split', async () => {
    const { place } = await endpoint();
    const hand = await loggedIn(place);
    const script = Buffer.from('MKD a\r\nCWD a\r\nPWD\r\nNOOP\r\nCDUP\r\nPWD\r\n');
    for (const byte of script) hand.send(Buffer.from([byte]));
    const codes: string[] = [];
    for (let i = 0; i < 6; i += 1) codes.push((await hand.reply()).slice(0, 9));
    expect(codes).toEqual([
      '257 "/a" ',
      '250 Now i',
      '257 "/a" ',
      expect.stringMatching(/^200/),
      '250 Now i',
      '257 "/" i',
    ]);
  });

  it('answers thousands of commands sent at once', async () => {
    const { place } = await endpoint();
    const hand = await loggedIn(place);
    hand.send('PWD\r\n'.repeat(5000));
    for (let i = 0; i < 5000; i += 1) expect(await hand.reply()).toMatch(/^257/);
  });

  it('survives rubbish, and says so', async () => {
    const { place } = await endpoint();
    const hand = await loggedIn(place);
    expect(await hand.ask('\u0001\u0002')).toMatch(/^500/);
    expect(await hand.ask('x'.repeat(100_000))).toBe('500 The line is too long.');
    expect(await hand.ask('XYZZY')).toMatch(/^502/);
    expect(await hand.ask('AUTH TLS')).toMatch(/^502/);
    expect(await hand.ask(`HELP ${'x'.repeat(4000)}`)).toMatch(/^501/);
    expect(await hand.ask('PWD')).toMatch(/^257/);
  });

  it('tells of every feature that it lists, and of no other', async () => {
    const { place } = await endpoint();
    const hand = await loggedIn(place);
    expect((await hand.ask('FEAT')).split('\r\n').slice(1, -1)).toEqual(
      ['EPSV', 'LANG EN*', 'MDTM', 'MFMT', 'MLST type*;size*;modify*;', 'REST STREAM', 'SIZE', 'TVFS', 'UTF8'].map(
        (each) => ` ${each}`,
      ),
    );
    expect(await hand.ask('OPTS MLST size;unique;')).toBe('200 MLST OPTS size;');
    expect(await hand.ask('FEAT')).toMatch('MLST type;size*;modify;');
    expect(await hand.ask('MLST /')).toMatch(/\r\n {2}\/\r\n250 /);
    expect(await hand.ask('LANG en-GB')).toMatch(/^200/);
    expect(await hand.ask('LANG fr')).toMatch(/^504/);
    expect(await hand.ask('HOST ftp.example.com')).toMatch(/^504/);
    for (const type of ['A', 'A N', 'I', 'L 8']) expect(await hand.ask(`TYPE ${type}`)).toMatch(/^200/);
    expect(await hand.ask('TYPE E')).toMatch(/^504/);
    expect(await hand.ask('MODE B')).toMatch(/^504/);
    expect(await hand.ask('STRU R')).toMatch(/^504/);
    expect(await hand.ask('SYST')).toMatch(/^215 UNIX/);
    expect(await hand.ask('ALLO 100')).toMatch(/^200/);
    expect(await hand.ask('HELP STOR')).toMatch(/STOR <path>/);
  });

  it('has an answer to every command, whatever its argument', async () => {
    const { memory, place } = await endpoint();
    memory.home('acme').makeDirectory('/in');
    const hand = await loggedIn(place);
    // The last two would make a transfer wait for its connection.
    const leaving = ['QUIT', 'USER', 'PASS', 'REIN', 'PASV', 'EPSV'];
    const verb = fc.constantFrom(
      ...Object.keys(verbs).filter((each) => !leaving.includes(each)),
      'HELP',
      'MODE',
      'XXXX',
    );
    const argument = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 50 }),
      fc.string({ unit: fc.constantFrom('-', 'a', ' ', '/', '.', '*', '\0', '\n', '|', '1', ','), maxLength: 50 }),
      fc.constantFrom('', 'in', '/', '20200101000000 in', 'UTIME in 20200101000000 20200101000000 20200101000000 UTC'),
    );
    const commands = fc.sample(fc.tuple(verb, argument), 2000);
    for (const [name, given] of commands) {
      const answer = await hand.ask(`${name} ${given.replaceAll('\r\n', ' ')}`);
      expect(answer).toMatch(/^[2345]\d\d[ -]/);
      expect(answer).not.toMatch(/^451/);
    }
    expect(await hand.ask('NOOP')).toMatch(/^200/);
  });

  it('closes after a defect of ours neither itself nor the server', async () => {
    const { memory, place, lines } = await endpoint();
    memory.before = (what) => {
      if (what === 'list') throw new Error('planted');
      return undefined;
    };
    const hand = await loggedIn(place);
    const socket = await data(hand);
    expect(await hand.ask('LIST')).toBe('451 Internal error.');
    expect(await received(socket)).toHaveLength(0);
    expect(lines.join('\n')).toMatch(/met a defect.*planted/);
    expect(await hand.ask('PWD')).toMatch(/^257/);
  });
});
