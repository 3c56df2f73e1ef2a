/** Every scenario with partners that we did not write, over every protocol, in both modes. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSsh } from '../support/clients.ts';
import { mailChannelFor, mailKinds, type RunningMail } from '../support/mail-world.ts';
import { openChannel, partnerPrograms, versionOf } from '../support/partner-programs.ts';
import { serverVersion } from '../support/partner-servers.ts';
import { channelFor, partnerKinds, type RunningPartner, remote, startPartner } from '../support/partner-world.ts';
import { compareWithPage, type Seen } from '../support/scenario-table.ts';
import { type Pair, startPair } from '../support/servers.ts';
import { expectOneStory, idle } from '../support/stories.ts';
import { until } from '../support/until.ts';

const kinds = partnerKinds.map((kind) => [kind.name, kind.program] as const);
const sources = partnerKinds
  .filter((kind) => kind.sendsOnly !== true)
  .map((kind) => [kind.name, kind.program] as const);
const programs = partnerPrograms.map((each) => [each.protocol, each.program, each] as const);
const readers = partnerPrograms.flatMap(({ protocol, program, get }) =>
  get === undefined ? [] : [[protocol, program, get] as const],
);
const mails = mailKinds.map((each) => [each.protocol, each.program, each] as const);
const seen: Seen[] = [];

describe.each(['pushback', 'direct'] as const)('in %s mode', (mode) => {
  let pair: Pair;
  let directory: string;
  const mailers = new Map<string, RunningMail>();
  const partners = new Map<string, RunningPartner>();
  const partner = (name: string): RunningPartner => {
    const found = partners.get(name);
    if (found === undefined) throw new Error(`no partner ${name}`);
    return found;
  };
  const source = async (name: string, content: string): Promise<string> => {
    const file = join(directory, name);
    await writeFile(file, content);
    return file;
  };
  const arrived = async (name: string): Promise<string> => {
    await until('it is delivered', async () => (await readdir(pair.out)).includes(name));
    return readFile(join(pair.out, name), 'utf8');
  };

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'sallyport-partners-'));
    for (const kind of partnerKinds) partners.set(kind.name, await startPartner(kind));
    const all = [...partners.values()];
    for (const kind of mailKinds) mailers.set(kind.name, { ...kind, ...(await kind.start()) });
    const mailboxes = [...mailers.values()];
    const moreChannels = [
      ...(await Promise.all(all.map((each) => channelFor(directory, each)))),
      ...(await Promise.all(mailboxes.map((each) => mailChannelFor(directory, each)))),
      openChannel,
    ];
    const agent = { kind: 'cron', schedule: '* * * * * *', settle: '100ms', name: 'get-*' };
    const moreProfiles = all.flatMap((each) => [
      ...(each.sendsOnly === true
        ? []
        : [
            {
              name: `get-${each.name}`,
              agent: { ...agent, channel: each.name, directory: remote(each, 'out') },
              responses: [{ kind: 'file', directory: 'out' }],
            },
          ]),
      {
        name: `send-${each.name}`,
        match: { channel: 'acme', name: `to-${each.name}-*` },
        responses: [{ kind: 'send', channel: each.name, directory: remote(each, 'in') }],
      },
    ]);
    const provided = {
      name: 'provided',
      match: { channel: 'acme', name: 'for-*' },
      responses: [{ kind: 'provide', channel: 'acme', directory: '/pickup' }],
    };
    const byMail = mailboxes.map(({ name }) => ({
      name: `by-${name}`,
      match: { channel: 'acme', name: `by-${name}-*` },
      responses: [{ kind: 'send', channel: name }],
    }));
    const relayed = {
      name: 'relayed',
      match: { channel: openChannel.name },
      responses: [{ kind: 'file', directory: 'out' }],
    };
    pair = await startPair({
      mode,
      moreChannels,
      moreProfiles: [...moreProfiles, provided, relayed, ...byMail],
      channel: { provided: { afterPickUp: 'delete' } },
    });
  }, 120_000);

  afterAll(async () => {
    await pair.end();
    for (const each of mailers.values()) await each.stop();
    for (const each of partners.values()) await each.server.stop();
    await rm(directory, { recursive: true, force: true });
  });

  it.each(programs)(
    'takes what a partner sends, over %s with %s',
    async (protocol, program, { put, wrapped }) => {
      const name = `from-${protocol}-${program}.xml`;
      await put(pair, await source(name, `by ${program}`), name);
      const whole = await arrived(wrapped?.name(name) ?? name);
      expect(wrapped?.unwrap(whole) ?? whole).toBe(`by ${program}`);
      seen.push({ scenario: 'partner sends', protocol, mode, peer: program, version: await versionOf(program) });
    },
    60_000,
  );

  it.each(sources)(
    'fetches from a partner by cron, over %s from %s, and deletes its copy',
    async (name, program) => {
      const { offer, at } = partner(name);
      await offer(`get-${name}.xml`, `from ${name}`);
      expect(await arrived(`get-${name}.xml`)).toBe(`from ${name}`);
      await until("the partner's copy is gone", async () => (await readdir(at('out'))).length === 0);
      seen.push({ scenario: 'cron fetch', protocol: name, mode, peer: program, version: serverVersion(program) });
    },
    60_000,
  );

  it.each(kinds)(
    'sends to a partner, over %s to %s',
    async (name, program) => {
      const file = await source(`to-${name}-1.xml`, `for ${name}`);
      expect(await openSsh(pair, [`put ${file}`])).toMatchObject({ code: 0 });
      await until('it is there', async () => (await readdir(partner(name).at('in'))).includes(`to-${name}-1.xml`));
      expect(await readFile(partner(name).at(`in/to-${name}-1.xml`), 'utf8')).toBe(`for ${name}`);
      expect(await readdir(partner(name).at('in'))).toEqual([`to-${name}-1.xml`]);
      seen.push({ scenario: 'response send', protocol: name, mode, peer: program, version: serverVersion(program) });
    },
    60_000,
  );

  it.each(mails)(
    'sends to a partner as an attachment of a mail, over %s to %s',
    async (protocol, program, { name, version }) => {
      const file = await source(`by-${name}-1.txt`, `for ${name}`);
      expect(await openSsh(pair, [`put ${file}`])).toMatchObject({ code: 0 });
      const content = Buffer.from(`for ${name}`).toString('base64');
      const inbox = async (): Promise<readonly string[]> => (await mailers.get(name)?.mails()) ?? [];
      await until('it is there', async () => (await inbox()).some((mail) => mail.includes(content)));
      expect(await inbox()).toEqual([expect.stringContaining(`Subject: by-${name}-1.txt`)]);
      seen.push({ scenario: 'response send', protocol, mode, peer: program, version: version() });
    },
    60_000,
  );

  it.each(readers)(
    'provides what a partner picks up, over %s with %s',
    async (protocol, program, get) => {
      const name = `for-${protocol}-${program}.xml`;
      const file = await source(name, `to be picked up by ${program}`);
      expect(await openSsh(pair, [`put ${file}`])).toMatchObject({ code: 0 });
      const listing = async (): Promise<string> => (await openSsh(pair, ['ls -1 /pickup'])).out;
      await until('it is provided', async () => (await listing()).includes(name));
      await get(pair, `/pickup/${name}`, `${file}.got`);
      expect(await readFile(`${file}.got`, 'utf8')).toBe(`to be picked up by ${program}`);
      await until('it is picked up', async () => !(await listing()).includes(name));
      seen.push({ scenario: 'provide', protocol, mode, peer: program, version: await versionOf(program) });
    },
    60_000,
  );

  it('leaves one story in both logs', async () => {
    await idle(pair);
    // What is sent on and provided came in first.
    const came = programs.length + readers.length + kinds.length + mails.length;
    expect(await expectOneStory(pair)).toBe(came + readers.length + kinds.length + mails.length + sources.length);
  });
});

it('has a line in docs/scenarios.md for each that was seen (npm run docs mends it)', async () => {
  expect(await compareWithPage(seen, process.env.SALLYPORT_DOCS === '1')).toEqual([]);
});
