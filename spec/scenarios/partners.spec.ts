/** Every scenario with partners that we did not write, over every protocol, in both modes. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSsh } from '../support/clients.ts';
import { channelFor, partnerKinds, type RunningPartner, remote, startPartner } from '../support/partner-world.ts';
import { type Pair, startPair } from '../support/servers.ts';
import { expectOneStory, idle } from '../support/stories.ts';
import { until } from '../support/until.ts';

const kinds = partnerKinds.map((kind) => [kind.name, kind.program] as const);

describe.each(['pushback', 'direct'] as const)('in %s mode', (mode) => {
  let pair: Pair;
  let directory: string;
  const partners = new Map<string, RunningPartner>();
  const partner = (name: string): RunningPartner => {
    const found = partners.get(name);
    if (found === undefined) throw new Error(`no partner ${name}`);
    return found;
  };

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'sallyport-partners-'));
    for (const kind of partnerKinds) partners.set(kind.name, await startPartner(kind));
    const all = [...partners.values()];
    const moreChannels = await Promise.all(all.map((each) => channelFor(directory, each)));
    const moreProfiles = all.flatMap((each) => [
      {
        name: `get-${each.name}`,
        agent: {
          ...{ kind: 'cron', schedule: '* * * * * *', settle: '100ms' },
          ...{ channel: each.name, directory: remote(each, 'out'), name: 'get-*' },
        },
        responses: [{ kind: 'file', directory: 'out' }],
      },
      {
        name: `send-${each.name}`,
        match: { channel: 'acme', name: `to-${each.name}-*` },
        responses: [{ kind: 'send', channel: each.name, directory: remote(each, 'in') }],
      },
    ]);
    pair = await startPair({ mode, moreChannels, moreProfiles });
  }, 120_000);

  afterAll(async () => {
    await pair.end();
    for (const each of partners.values()) await each.server.stop();
    await rm(directory, { recursive: true, force: true });
  });

  it.each(kinds)(
    'fetches from a partner by cron, over %s from %s, and deletes its copy',
    async (name) => {
      const { offer, at } = partner(name);
      await offer(`get-${name}.xml`, `from ${name}`);
      await until('it is delivered', async () => (await readdir(pair.out)).includes(`get-${name}.xml`));
      expect(await readFile(join(pair.out, `get-${name}.xml`), 'utf8')).toBe(`from ${name}`);
      await until("the partner's copy is gone", async () => (await readdir(at('out'))).length === 0);
    },
    60_000,
  );

  it.each(kinds)(
    'sends to a partner, over %s to %s',
    async (name) => {
      const file = join(directory, `to-${name}-1.xml`);
      await writeFile(file, `for ${name}`);
      expect(await openSsh(pair, [`put ${file}`])).toMatchObject({ code: 0 });
      await until('it is there', async () => (await readdir(partner(name).at('in'))).includes(`to-${name}-1.xml`));
      expect(await readFile(partner(name).at(`in/to-${name}-1.xml`), 'utf8')).toBe(`for ${name}`);
      expect(await readdir(partner(name).at('in'))).toEqual([`to-${name}-1.xml`]);
    },
    60_000,
  );

  it('leaves one story in both logs', async () => {
    await idle(pair);
    expect(await expectOneStory(pair)).toBe(12);
  });
});
