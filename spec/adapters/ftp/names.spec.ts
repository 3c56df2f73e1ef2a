/** Names, lists and times. */
import { describe, expect, it } from 'vitest';
import { refusal } from '../../../domain/failure.ts';
import type { Endpoint } from '../../support/endpoint.ts';
import { data, type Hand, loggedIn, received } from './clients.ts';
import { endpoint } from './endpoint.ts';

const list = async (hand: Hand, command: string): Promise<readonly string[]> => {
  const socket = await data(hand);
  const answer = await hand.ask(command);
  if (!answer.startsWith('150')) return [answer];
  const text = (await received(socket)).toString();
  expect(await hand.reply()).toMatch(/^226/);
  return text.split('\r\n').slice(0, -1);
};

const store = async (hand: Hand, name: string): Promise<string> => {
  const socket = await data(hand);
  const answer = await hand.ask(`STOR ${name}`);
  if (!answer.startsWith('150')) return answer;
  socket.end(name);
  return hand.reply();
};

const filled = async (): Promise<Endpoint & { hand: Hand }> => {
  const opened = await endpoint();
  const home = opened.memory.home('acme');
  home.makeDirectory('/in');
  home.putFile('/a.xml', Buffer.alloc(5), Date.UTC(2024, 1, 29, 23, 59, 58));
  home.putFile('/in/b.xml', Buffer.alloc(7), Date.UTC(2001, 0, 2, 3, 4, 5));
  home.putFile('/in/c.txt', Buffer.alloc(1), Date.now() - 60_000);
  return { ...opened, hand: await loggedIn(opened.place) };
};

describe('a name', () => {
  it.each([
    'a b.txt',
    ' leading and trailing ',
    'U\u0308\u00fc.txt',
    '\u6f22\u5b57.txt',
    '\u{1f600}.txt',
    '-rf',
    '-la x',
    'back\\slash',
    '..hidden',
    '"quoted"',
    '*?[x]',
    'x'.repeat(250),
    '\ufeffbom',
  ])('is kept as it is: %j', async (name) => {
    const { memory, place } = await endpoint();
    const hand = await loggedIn(place);
    expect(await store(hand, name)).toMatch(/^226/);
    expect(memory.completed.map((each) => each.path)).toEqual([`/${name}`]);
    expect(await hand.ask(`SIZE ${name}`)).toMatch(/^213 /);
    expect(await list(hand, 'NLST')).toEqual([name]);
    expect(await list(hand, `LIST ${name}`)).toEqual([expect.stringMatching(/^-rw/)]);
    expect((await list(hand, 'MLSD'))[0]?.replace(/^\S+ /, '')).toBe(name);
    expect(await hand.ask(`MKD ${name}.d`)).toBe(`257 "/${name.replaceAll('"', '""')}.d" is made.`);
    expect(await hand.ask(`CWD ${name}.d`)).toMatch(/^250/);
    expect(await hand.ask('PWD')).toMatch(`"/${name.replaceAll('"', '""')}.d"`);
    expect(await hand.ask(`RNFR ../${name}`)).toMatch(/^350/);
    expect(await hand.ask(`RNTO ${name}`)).toMatch(/^250/);
    expect([...memory.home('acme').nodes.keys()]).toContain(`/${name}.d/${name}`);
  });

  it.each([
    ['NUL', 'a\0b'],
    ['a line feed', 'a\nDELE victim'],
    ['a carriage return', 'a\r\0b'],
    ['an escape', 'a\u001b[2Jb'],
    ['a line feed in a part that .. takes away', 'a\nb/../c'],
    ['256 bytes', 'x'.repeat(256)],
    ['bytes that are not UTF-8', Buffer.from([0x61, 0xe4])],
    ['the byte 0xFF, doubled as Telnet wants it', Buffer.from([0x61, 0xff, 0xff])],
  ])('is refused clearly where it has %s', async (_, name) => {
    const { memory, place } = await endpoint();
    memory.home('acme').putFile('/victim', Buffer.from('x'));
    const hand = await loggedIn(place);
    await data(hand);
    hand.send(Buffer.concat([Buffer.from('STOR '), Buffer.from(name as string), Buffer.from('\r\n')]));
    expect(await hand.reply()).toMatch(
      /^553 (control characters are not allowed|the name is not valid UTF-8|name longer than 255)/,
    );
    expect([...memory.home('acme').nodes.keys()]).toEqual(['/', '/victim']);
  });

  it.each(['../../x', '/../../x', './/x', 'in/../../../x'])('never leads out of the home: %s', async (name) => {
    const { memory, hand } = await filled();
    expect(await store(hand, name)).toMatch(/^226/);
    expect(memory.completed.map((each) => each.path)).toEqual(['/x']);
    expect(await hand.ask('CWD ../..')).toBe('250 Now in /');
  });
});

describe('a list', () => {
  it('is long, of names, or of facts', async () => {
    const { hand } = await filled();
    const long = await list(hand, 'LIST');
    expect(long).toEqual([
      expect.stringMatching(/^drwxr-xr-x +1 partner +partner +0 Jan {2}1 {2}1970 in$/),
      expect.stringMatching(/^-rw-r--r-- +1 partner +partner +5 Feb 29 {2}2024 a\.xml$/),
    ]);
    expect(await list(hand, 'LIST -la')).toEqual(long);
    expect(await list(hand, 'LIST -a -l /')).toEqual(long);
    expect((await list(hand, 'LIST in'))[1]).toMatch(/ \d\d:\d\d c\.txt$/);
    expect(await list(hand, 'NLST in')).toEqual(['b.xml', 'c.txt']);
    expect(await list(hand, 'NLST in/b.xml')).toEqual(['in/b.xml']);
    expect(await list(hand, 'NLST in/*.xml')).toEqual(['in/b.xml']);
    expect(await list(hand, 'NLST *.none')).toEqual([expect.stringMatching(/^550/)]);
    expect(await list(hand, 'MLSD in')).toContain('type=file;size=7;modify=20010102030405; b.xml');
    expect(await list(hand, 'MLSD a.xml')).toEqual([expect.stringMatching(/^501/)]);
    expect(await hand.ask('MLST in')).toBe('250-Facts:\r\n type=dir;modify=19700101000000; /in\r\n250 End.');
    expect((await hand.ask('STAT in')).split('\r\n')).toHaveLength(4);
    expect(await list(hand, 'LIST missing')).toEqual([expect.stringMatching(/^550 /)]);
  });

  it('of a hundred thousand comes over the data connection, and not over the control connection', async () => {
    const { memory, place } = await endpoint();
    for (let i = 0; i < 100_000; i += 1) memory.home('acme').putFile(`/file-${i}`, Buffer.alloc(0));
    const hand = await loggedIn(place);
    expect(await list(hand, 'LIST')).toHaveLength(100_000);
    expect(await hand.ask('STAT /')).toMatch(/^504 There are 100000 entries/);
  });
});

describe('a file', () => {
  it('has a size and a time, which can be set in three ways', async () => {
    const { memory, hand } = await filled();
    expect(await hand.ask('SIZE a.xml')).toBe('213 5');
    expect(await hand.ask('SIZE in')).toMatch(/^550/);
    expect(await hand.ask('MDTM a.xml')).toBe('213 20240229235958');
    expect(await hand.ask('MFMT 20200102030405 a.xml')).toBe('213 Modify=20200102030405; a.xml');
    expect(memory.home('acme').nodes.get('/a.xml')?.modified).toBe(Date.UTC(2020, 0, 2, 3, 4, 5));
    expect(await hand.ask('SITE UTIME 202101020304 a.xml')).toMatch(/^200/);
    expect(await hand.ask('MDTM a.xml')).toBe('213 20210102030400');
    expect(await hand.ask('SITE UTIME a.xml 20220102030405 20220102030406 20220102030407 UTC')).toMatch(/^200/);
    expect(await hand.ask('MDTM a.xml')).toBe('213 20220102030406');
    for (const wrong of ['MFMT 20201301000000 a.xml', 'MFMT 2020 a.xml', 'MFMT 20200101000000', 'MFMT'])
      expect(await hand.ask(wrong)).toMatch(/^501/);
    expect(await hand.ask('MDTM 20200101000000 a.xml')).toMatch(/^550/);
    expect(await hand.ask('SITE CHMOD 644 a.xml')).toMatch(/^200/);
    expect(await hand.ask('SITE EXEC ls')).toMatch(/^504/);
  });

  it('is renamed over another, removed, and so are directories', async () => {
    const { memory, hand } = await filled();
    expect(await hand.ask('RNTO x')).toMatch(/^503/);
    expect(await hand.ask('RNFR missing')).toMatch(/^550/);
    await hand.ask('RNFR a.xml');
    expect(await hand.ask('RNTO in/b.xml')).toMatch(/^250/);
    expect(memory.home('acme').nodes.get('/in/b.xml')?.size).toBe(5);
    expect(await hand.ask('RNTO x')).toMatch(/^503/);
    expect(await hand.ask('RMD in')).toMatch(/^550/);
    expect(await hand.ask('RMD')).toMatch(/^501/);
    for (const command of ['DELE in/b.xml', 'DELE in/c.txt', 'XRMD in'])
      expect(await hand.ask(command)).toMatch(/^250/);
    expect(await hand.ask('XMKD deep')).toMatch(/^257/);
    for (const command of ['XCWD deep', 'XCUP']) expect(await hand.ask(command)).toMatch(/^250/);
    expect(await hand.ask('XPWD')).toMatch(/^257 "\/"/);
    expect([...memory.home('acme').nodes.keys()]).toEqual(['/', '/deep']);
  });
});

describe('a reply', () => {
  it('is one harmless line, whatever the intake says', async () => {
    const { memory, hand } = await filled();
    memory.before = (what) =>
      what === 'stat' ? refusal('notFound', `gone\r\n226 forged \u001b[2J${'x'.repeat(1000)}`) : undefined;
    const answer = await hand.ask('SIZE a.xml');
    expect(answer).toMatch(/^550 gone\\u000d\\u000a226 forged \\u001b\[2Jx+…$/);
    expect(answer.length).toBeLessThan(600);
    memory.before = () => undefined;
    expect(await hand.ask('SIZE a.xml')).toBe('213 5');
  });
});
