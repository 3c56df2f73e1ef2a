/** Mail from programs that we did not write, many and large, while inner is away for part of the time. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { smtpSource } from '../support/mail-programs.ts';
import { linked, mailbox, type Pair, startPair } from '../support/servers.ts';
import { expectOneStory, idle } from '../support/stories.ts';
import { until } from '../support/until.ts';

const whom = ['-f', 'edi@acme.example', '-t', mailbox];
const count = 980;

describe('mail', () => {
  let pair: Pair;
  const arrived = async (): Promise<readonly string[]> =>
    (await readdir(pair.out)).filter((name) => name.endsWith('.eml'));

  beforeAll(async () => {
    pair = await startPair({ channel: { mail: { recipients: [mailbox], needsLogin: false } } });
  }, 60_000);
  afterAll(() => pair.end());

  it('is taken while inner is away, and all of it arrives, each once', async () => {
    const first = smtpSource(pair.smtpPort, [...whom, '-d', '-s', '4', '-m', String(count), '-l', '2000']);
    await until('some have arrived', async () => (await arrived()).length > 10);
    await pair.inner.kill();
    expect(await first).toMatchObject({ code: 0 });
    expect(await smtpSource(pair.smtpPort, [...whom, '-m', '20'])).toMatchObject({ code: 0 });
    await pair.inner.start();
    await linked(pair);
    await until('all have arrived', async () => (await arrived()).length >= count + 20, 60_000);
    expect(await arrived()).toHaveLength(count + 20);
    const [name = ''] = await arrived();
    expect(await readFile(join(pair.out, name), 'utf8')).toMatch(/^Received: from .*\r\n\tby .* with E?SMTP id/);
  }, 120_000);

  it('may be larger than what travels in a message', async () => {
    const before = new Set(await arrived());
    expect(await smtpSource(pair.smtpPort, [...whom, '-l', '20000000'])).toMatchObject({ code: 0 });
    const fresh = async () => (await arrived()).filter((name) => !before.has(name));
    await until('it has arrived', async () => (await fresh()).length === 1);
    const [name = ''] = await fresh();
    expect((await stat(join(pair.out, name))).size).toBeGreaterThan(20_000_000);
  }, 60_000);

  it('leaves one story in both logs', async () => {
    await idle(pair);
    expect(await expectOneStory(pair)).toBe(count + 21);
  }, 60_000);
});
