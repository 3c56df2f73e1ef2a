import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { isLeft } from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { openSsh, sshOptions } from '../support/clients.ts';
import { allowed } from '../support/memory-dmz.ts';
import { linked, type Pair, type PairOptions, startPair } from '../support/servers.ts';
import { until } from '../support/until.ts';

const withPairOf = (options: PairOptions) => async (use: (pair: Pair) => Promise<void>) => {
  const other = { name: 'other', login: 'other', password: { file: 'acme.password' } };
  const pair = await startPair({ ...options, moreChannels: [other] });
  try {
    await use(pair);
  } catch (error) {
    throw new Error(`${pair.inner.printed()}\n${pair.dmz.printed()}`, { cause: error });
  } finally {
    await pair.end();
  }
};

const withPair = withPairOf({});

type Named = { readonly name: string };
type Written = Readonly<Record<string, unknown>> & { readonly channels: readonly Named[] };

const rewrite = async (pair: Pair, change: (config: Written) => object): Promise<void> =>
  writeFile(pair.inner.config, stringify(change(parse(await readFile(pair.inner.config, 'utf8')) as Written)));

const withoutAcme = (config: Written): object => ({
  ...config,
  channels: config.channels.filter(({ name }) => name !== 'acme'),
  profiles: [],
});

/** SSH_FXP_INIT of version 3. */
const init = Buffer.from([0, 0, 0, 5, 1, 0, 0, 0, 3]);

/** OpenSSH with an SFTP session that stays open. (Its sftp would not tell of the end before its next command.) `gone` is the time of its end. */
const stay = async (pair: Pair): Promise<{ readonly child: ChildProcess; readonly gone: Promise<number> }> => {
  const login = ['-i', pair.identity, '-o', 'IdentitiesOnly=yes', '-p', String(pair.sftpPort), 'acme@127.0.0.1'];
  const child = spawn('ssh', [...sshOptions, ...login, '-s', 'sftp'], { stdio: ['pipe', 'pipe', 'ignore'] });
  let answered = 0;
  child.stdout.on('data', (bytes: Buffer) => {
    answered += bytes.length;
  });
  child.stdin.on('error', () => undefined).write(init);
  const gone = once(child, 'exit').then(() => Date.now());
  await until('it is in', () => answered > 0);
  return { child, gone };
};

describe('a channel that is removed while its partner is connected', () => {
  it('is out within a second of the reload', () =>
    withPair(async (pair) => {
      const { child, gone } = await stay(pair);
      await rewrite(pair, withoutAcme);
      const asked = Date.now();
      expect(await allowed(pair.inner.control.reloadChannels('ann'))).toMatch(
        /^0 channels added, 0 changed, 1 removed/,
      );
      expect((await gone) - asked).toBeLessThan(1000);
      expect(child.exitCode).not.toBe(0);
      expect((await openSsh(pair, ['ls'])).code).not.toBe(0);
      expect((await allowed(pair.dmz.control.channels())).channels.map(({ name }) => name)).toEqual(['other']);
    }));

  it('is out within a second of the link, when inner was restarted', () =>
    withPair(async (pair) => {
      const { child, gone } = await stay(pair);
      expect(await pair.inner.stop()).toBe(0);
      await rewrite(pair, (config) => ({
        ...config,
        channels: config.channels.map((each) => (each.name === 'acme' ? { ...each, invisibleToDmz: true } : each)),
      }));
      expect(child.exitCode).toBe(null);
      const starting = pair.inner.start();
      await until('the link is up', async () => (await pair.dmz.status()).links.some((link) => link.up));
      const up = Date.now();
      expect((await gone) - up).toBeLessThan(1000);
      await starting;
    }));
});

describe('a reload', () => {
  it('refuses other settings and what is wrong, and changes nothing then', () =>
    withPair(async (pair) => {
      await rewrite(pair, (config) => ({ ...withoutAcme(config), streamingSize: '2 MiB' }));
      const reload = () => pair.inner.control.reloadChannels('ann')();
      expect(await reload()).toMatchObject({
        left: { text: expect.stringMatching(/restart.* streamingSize$/) as string },
      });
      await rewrite(pair, (config) => ({ ...config, channels: [{ name: 'X' }] }));
      expect(await reload()).toMatchObject({
        left: { text: expect.stringMatching(/inner\.yaml:\d+: channels/) as string },
      });
      expect((await openSsh(pair, ['ls'])).code).toBe(0);
    }));
});

describe('a dmz that is restarted while inner is away', () => {
  it('lets partners in', () =>
    withPair(async (pair) => {
      await pair.inner.kill();
      await pair.dmz.kill();
      await pair.dmz.start();
      expect((await openSsh(pair, ['ls'])).code).toBe(0);
    }));
});

describe('an inner that was rebuilt', () => {
  // With its directory it must lose its log.
  it('changes nothing on dmz until a person accepts its new epoch', () =>
    withPairOf({ eventLog: 'embedded' })(async (pair) => {
      expect(await pair.inner.stop()).toBe(0);
      await rm(pair.inner.data, { recursive: true });
      await rewrite(pair, withoutAcme);
      await pair.inner.start();
      const { control } = pair.dmz;
      const offer = await until('dmz shows the new epoch', async () => {
        const [found] = await allowed(control.channelDiff());
        return found?.wants === null ? undefined : found;
      });
      // the salt is new, so the verifier of the other channel is another
      expect(offer).toMatchObject({ added: [], changed: ['other'], removed: ['acme'] });
      expect(pair.dmz.printed()).toMatch(/alarm .*accept-epoch/);
      await until('inner says it too', () => /alarm .*accept-epoch/.test(pair.inner.printed()));
      expect((await openSsh(pair, ['ls'])).code).toBe(0);
      const refused = await control.acceptEpoch('another', 1, 'ann')();
      expect(isLeft(refused)).toBe(true);
      await allowed(control.acceptEpoch(offer.wants?.epoch ?? '', offer.wants?.counter ?? 0, 'ann'));
      expect((await openSsh(pair, ['ls'])).code).not.toBe(0);
      expect(await allowed(pair.inner.control.channelDiff())).toMatchObject([
        { peer: 'dmz-1', text: 'it has all of them' },
      ]);
      await linked(pair);
    }));
});
