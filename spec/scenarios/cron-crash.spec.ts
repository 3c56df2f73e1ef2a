/** Fetching by cron through the deaths of both servers, and over read models that are built anew. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isRight } from 'fp-ts/lib/Either.js';
import { expect, it } from 'vitest';
import { startSshd } from '../support/partner-servers.ts';
import { channelFor, remote, startPartner } from '../support/partner-world.ts';
import { linked, type Pair, type Server, startPair } from '../support/servers.ts';
import { expectOneStory, idle } from '../support/stories.ts';
import { until } from '../support/until.ts';

const many = 200;
const some = 20;
const names = (stem: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, i) => `${stem}-${String(i).padStart(3, '0')}.xml`);

const delivered = async (pair: Pair): Promise<readonly string[]> => (await readdir(pair.out)).sort();
const gets = async (server: Server) => {
  const rows = await server.control.list({ limit: 1_000 })();
  return isRight(rows) ? rows.right.filter((row) => row.scenario === 'cronGet') : [];
};

/** What can be built anew from the log. */
const forget = async ({ data }: Server): Promise<void> => {
  await rm(join(data, 'readmodels'), { recursive: true });
};

it('processes each of 200 files once, and deletes at the partner only what is processed', {
  timeout: 240_000,
}, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'sallyport-cron-'));
  const partner = await startPartner({
    name: 'big',
    program: 'sshd',
    start: startSshd,
    settings: { protocol: 'sftp' },
  });
  const getting = (name: string, from: string, after: string) => ({
    name,
    agent: {
      ...{ kind: 'cron', schedule: '* * * * * *', settle: '100ms', after },
      ...{ channel: 'big', directory: remote(partner, from), name: `${after}-*` },
    },
    responses: [{ kind: 'file', directory: 'out' }],
  });
  const retries = { attempts: 1_000, firstDelay: '200ms', longestDelay: '1s' };
  const pair = await startPair({
    moreChannels: [await channelFor(directory, partner)],
    moreProfiles: [getting('deletes', 'out', 'delete'), getting('keeps', 'out', 'keep')],
    inner: { retries },
    dmz: { retries },
  });
  const { inner, dmz } = pair;
  try {
    const [files, kept] = [names('delete', many), [...names('keep', some)]];
    for (const name of [...kept, ...files]) await partner.offer(name, `this is ${name}`);
    const come = (count: number) =>
      until(`${count} are delivered`, async () => (await delivered(pair)).length >= count, 90_000);

    await come(30);
    await dmz.kill();
    await dmz.start();
    await come(90);
    await inner.kill();
    expect((await delivered(pair)).length).toBeLessThan(many + some);
    const there = new Set(await readdir(partner.at('out')));
    const processed = (await gets(dmz)).filter((row) => row.state === 'processed' || row.ended).map((row) => row.name);
    expect(processed).toEqual(expect.arrayContaining(files.filter((name) => !there.has(name))));
    await forget(inner);
    await inner.start();
    await linked(pair);

    /** One that is offered now is found by a run that sees all the others, too. */
    const another = async (name: string): Promise<void> => {
      await partner.offer(name, `this is ${name}`);
      kept.push(name);
      await until(`${name} is delivered`, async () => (await delivered(pair)).includes(name), 90_000);
      await until('all is delivered', async () => (await delivered(pair)).length >= many + kept.length, 90_000);
      await idle(pair);
      expect(await delivered(pair)).toEqual([...files, ...kept].sort());
      expect((await readdir(partner.at('out'))).sort()).toEqual([...kept].sort());
      expect((await gets(inner)).length).toBe(many + kept.length);
    };
    await another('keep-later.xml');
    for (const server of [inner, dmz]) {
      await server.stop();
      await forget(server);
      await server.start();
    }
    await linked(pair);
    await another('keep-last.xml');
    expect(await expectOneStory(pair)).toBe(many + kept.length);
  } finally {
    await pair.end();
    await partner.server.stop();
    await rm(directory, { recursive: true, force: true });
  }
});
