/** What a person or a program sends by hand and by dropping it, at partners' servers that we did not write. */
import { mkdtemp, readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isLeft } from 'fp-ts/lib/Either.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { channelFor, partnerKinds, type RunningPartner, remote, startPartner } from '../support/partner-world.ts';
import { type Ran, run } from '../support/run.ts';
import { entry, type Pair, startPair } from '../support/servers.ts';
import { expectOneStory, idle } from '../support/stories.ts';
import { until } from '../support/until.ts';

const names = ['sftp', 'ftps-implicit'];
const kinds = partnerKinds.filter(({ name }) => names.includes(name));

let pair: Pair;
let directory: string;
let drop: string;
const partners = new Map<string, RunningPartner>();
const partner = (name: string): RunningPartner => {
  const found = partners.get(name);
  if (found === undefined) throw new Error(`no partner ${name}`);
  return found;
};
const cli = (...args: readonly string[]): Promise<Ran> => run(process.execPath, [entry, ...args]);

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sallyport-transmissions-'));
  for (const kind of kinds) partners.set(kind.name, await startPartner(kind));
  const moreChannels = await Promise.all([...partners.values()].map((each) => channelFor(directory, each)));
  // The same servers, but nobody has approved their keys; and one that has none.
  for (const [name, of] of [
    ['sftp-new', 'sftp'],
    ['ftps-new', 'ftps-implicit'],
  ] as const)
    moreChannels.push({ ...(await channelFor(directory, partner(of), { trusted: [] })), name });
  const plain = partnerKinds.find(({ name }) => name === 'ftp');
  if (plain === undefined) throw new Error('there is no plain FTP');
  const unsafe = { ...(await startPartner(plain)), name: 'plain' };
  moreChannels.push(await channelFor(directory, unsafe));
  drop = join(directory, 'drop');
  const outboxes = [...partners.values()].map((each) => ({
    ...{ directory: drop, channel: each.name, target: remote(each, 'in'), settle: '1s' },
    ...{ name: `${each.name}-*`, viaDmz: each.name === 'sftp' },
  }));
  partners.set('plain', unsafe);
  pair = await startPair({ moreChannels, inner: { outboxes } });
}, 120_000);

afterAll(async () => {
  await pair.end();
  for (const each of partners.values()) await each.server.stop();
  await rm(directory, { recursive: true, force: true });
});

describe('a file that is sent by hand', () => {
  it.each(kinds.flatMap(({ name, program }) => ['--via-dmz', '--direct'].map((way) => [name, program, way] as const)))(
    'arrives over %s at %s (%s), whole and under its name',
    async (name, _, way) => {
      const file = join(directory, `${name}${way}.xml`);
      await writeFile(file, `by hand, ${way}`);
      await truncate(file, 3 * 1024 * 1024);
      const to = ['--channel', name, '--directory', remote(partner(name), 'in'), way];
      const sent = await cli('send', file, ...to, '--wait', '--config', pair.inner.config);
      expect(sent).toMatchObject({ code: 0, err: '', out: expect.stringMatching(/^[0-9a-z]{26}\n$/) as string });
      const there = await readFile(partner(name).at(`in/${name}${way}.xml`));
      expect(there.equals(await readFile(file))).toBe(true);
    },
    60_000,
  );

  it('is held where the partner has the name already, and the command says so', async () => {
    const file = join(directory, 'sftp--direct.xml');
    const to = ['--channel', 'sftp', '--directory', remote(partner('sftp'), 'in'), '--direct'];
    const sent = await cli('send', file, ...to, '--wait', '--data', pair.inner.data);
    expect(sent).toMatchObject({ code: 1, err: expect.stringMatching(/is held: the partner has a file/) as string });
    const abandon = ['--data', pair.inner.data, '--reason', 'it is there'];
    expect(await cli('transfers', 'abandon', sent.out.trim(), ...abandon)).toMatchObject({ code: 0 });
  });

  it.each([
    [['--channel', 'nobody'], /there is no channel "nobody"; channels with a partner to send to: sftp|ftps-implicit/],
    [['--channel', 'acme'], /channel acme has no section "partner"/],
    [['--channel', 'sftp', '--name', '../x'], /"\.\.\/x" cannot be the name/],
    [['--channel', 'sftp', '--directory', 'in'], /"in" cannot be the directory/],
  ])('is refused with a sentence: %j', async (options, err) => {
    const file = join(directory, 'sftp--direct.xml');
    const refused = await cli('send', file, ...options, '--data', pair.inner.data);
    expect(refused).toMatchObject({ code: 1, out: '', err: expect.stringMatching(err) as string });
  });

  it('is not sent by dmz, which has no channels of its own', async () => {
    const file = join(directory, 'sftp--direct.xml');
    const refused = await cli('send', file, '--channel', 'sftp', '--data', pair.dmz.data);
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('only inner sends') as string });
  });
});

describe('a file that is dropped in an outbox', () => {
  it.each(names)('is sent to %s, and then gone from there', async (name) => {
    await writeFile(join(drop, `.${name}-1.xml`), 'dropped');
    await rename(join(drop, `.${name}-1.xml`), join(drop, `${name}-1.xml`));
    await writeFile(join(drop, `${name}-2.xml.tmp`), 'not yet');
    const there = (): Promise<string> => readFile(partner(name).at(`in/${name}-1.xml`), 'utf8');
    await until('it is there', async () => (await there()) === 'dropped');
    await until('it is gone', async () => !(await readdir(drop)).includes(`${name}-1.xml`));
    expect(await readdir(drop)).toContain(`${name}-2.xml.tmp`);
  });

  it.each(['payload.link.after@1', 'outbox.aside.before@1', 'outbox.aside.after@1', 'outbox.unlink.after@1'])(
    'is sent once where inner dies at %s',
    async (fault) => {
      await pair.inner.stop();
      await pair.inner.start({ env: { SALLYPORT_FAULT: fault } });
      const name = `sftp-${fault}.xml`;
      await writeFile(join(drop, name), fault);
      expect(await pair.inner.ended()).toBe('SIGKILL');
      await pair.inner.start();
      await until('it is there', async () => (await readdir(partner('sftp').at('in'))).includes(name));
      await until('it is gone', async () => (await readdir(drop)).every((each) => each.endsWith('.tmp')));
      const rows = await pair.inner.control.list({ limit: 100 })();
      const sent = isLeft(rows) ? [] : rows.right.filter((row) => row.name === name);
      expect(sent).toHaveLength(1);
    },
    60_000,
  );
});

describe("a channel's partner", () => {
  it.each([...names, 'sftp-new', 'ftps-new', 'plain'])('is tested step by step: %s', async (name) => {
    const known = !name.endsWith('-new');
    const at = partner({ 'sftp-new': 'sftp', 'ftps-new': 'ftps-implicit' }[name] ?? name);
    const options = ['--write', '--directory', remote(at, 'in'), '--data', pair.inner.data];
    const tested = await cli('channels', 'test', name, ...options);
    expect(tested).toMatchObject({ code: known ? 0 : 1, err: '' });
    if (known) expect(tested.out).toMatch(/✔ +log in .*\n✔ +list .*\n✔ +write .*\n✔ +rename .*\n✔ +remove /);
    else expect(tested.out).toMatch(/✘ +(know the host key|begin TLS).* not approved: SHA256:.*\nTo mend it: compare/);
    expect((await readdir(at.at('in'))).filter((each) => each.includes('test'))).toEqual([]);
  });

  it.each([
    [{ hosts: ['nobody.invalid'] }, /✘ +find the host by its name/],
    [{ hosts: ['127.0.0.1:1'] }, /✘ +connect to the port.*\nTo mend it:.*firewalls/],
    [{ login: 'nobody' }, /✘ +log in.*does not let "nobody" in/],
  ])('is tested where something is wrong: %j', async (wrong, out) => {
    const channels = [await channelFor(directory, partner('sftp'), wrong)];
    const other = await startPair({ moreChannels: channels });
    try {
      const tested = await cli('channels', 'test', 'sftp', '--data', other.inner.data);
      expect(tested).toMatchObject({ code: 1, out: expect.stringMatching(out) as string });
    } finally {
      await other.end();
    }
  });

  it('is not listed where there is no such directory, and dmz says the same', async () => {
    for (const via of [[], ['--via-dmz']]) {
      const options = ['--directory', '/nowhere', '--data', pair.inner.data, ...via];
      const tested = await cli('channels', 'test', 'sftp', ...options);
      expect(tested).toMatchObject({ code: 1, out: expect.stringMatching(/✘ +list the directory/) as string });
    }
  });

  it.each([
    ['sftp-new', 'sftp', []],
    ['ftps-new', 'ftps-implicit', []],
    ['sftp-new', 'sftp', ['--via-dmz']],
  ] as const)('is approved once its key was compared, and then no longer: %s', async (name, at, via) => {
    const fingerprint = partner(at).server.trusted[0] ?? '';
    const trust = (...args: readonly string[]) => cli('channels', 'trust', name, '--data', pair.inner.data, ...args);
    const test = () =>
      cli('channels', 'test', name, '--directory', remote(partner(at), 'in'), '--data', pair.inner.data);
    const asked = await trust(...via);
    expect(asked).toMatchObject({ code: 2, err: expect.stringContaining('there is nobody to ask') as string });
    expect(asked.out).toMatch(at === 'sftp' ? /seen, NEW/ : /seen, NEW .* CN=localhost +\d{4}-\d\d-\d\d/);
    expect(await trust('--fingerprint', `SHA256:${'x'.repeat(43)}`, ...via)).toMatchObject({ code: 1 });
    expect((await test()).code).toBe(1);
    expect(await trust('--fingerprint', fingerprint, ...via)).toMatchObject({ code: 0, err: '' });
    expect(await test()).toMatchObject({ code: 0 });
    expect(await trust('--revoke', '--yes')).toMatchObject({ code: 0, err: '' });
    expect((await test()).code).toBe(1);
  });
});

describe('in the end', () => {
  it('nothing is left of temporary names, and both logs tell one story', async () => {
    for (const name of names)
      expect((await readdir(partner(name).at('in'))).filter((each) => each.startsWith('.'))).toEqual([]);
    await idle(pair);
    expect(await expectOneStory(pair)).toBeGreaterThan(0);
  });
});
