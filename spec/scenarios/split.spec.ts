/** Mails of real senders are taken apart on inner. */
import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isRight } from 'fp-ts/lib/Either.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Dnsmasq, startDnsmasq } from '../support/dnsmasq.ts';
import { freePort } from '../support/free-port.ts';
import { deep } from '../support/mail-bombs.ts';
import { program } from '../support/program.ts';
import { run } from '../support/run.ts';
import { entry, linked, mailbox, type Pair, type Server, startPair } from '../support/servers.ts';
import { expectOneStory, idle } from '../support/stories.ts';
import { until } from '../support/until.ts';

const cli = (...args: readonly string[]) => run(process.execPath, [entry, ...args]);
const whom = ['--to', mailbox, '--from', 'edi@acme.example'];

describe('a mail with attachments', () => {
  let pair: Pair;
  let dns: Dnsmasq;
  let port: number;
  const swaks = (...args: readonly string[]) =>
    program('swaks', ['--server', `127.0.0.1:${port}`, '--silent', '2', ...whom, ...args]);
  const rows = async (server: Server) => {
    const listed = await server.control.list({ limit: 1000 })();
    return isRight(listed) ? listed.right : [];
  };

  beforeAll(async () => {
    const mails = { name: 'mails', match: { channel: 'acme', name: '*.eml' }, steps: [{ kind: 'split' }] };
    dns = await startDnsmasq({ texts: { 'acme.example': 'v=spf1 ip4:127.0.0.1 -all' } });
    port = await freePort();
    const policy = { spf: 'require', dkim: 'record' };
    const channel = { mail: { recipients: [mailbox], needsLogin: false, policy } };
    const listener = { protocol: 'smtp', host: '127.0.0.1', port, dns: { servers: [dns.server] } };
    const options = { channel, moreProfiles: [mails], streamingSize: '1 MiB' };
    pair = await startPair({ ...options, dmz: { listeners: [listener] } });
  }, 60_000);
  afterAll(async () => {
    await dns.stop();
    await pair.end();
  });

  it('of swaks becomes a transfer each, byte for byte, and both servers tell of them', async () => {
    const content = createHash('shake256', { outputLength: 3_000_000 }).update('one').digest();
    const [binary, text] = [join(pair.directory, 'Größe ä.bin'), join(pair.directory, 'order.txt')];
    await writeFile(binary, content);
    await writeFile(text, 'one order\n');
    const attach = ['--body', 'hello', '--attach-name', 'Gr.bin', '--attach', `@${binary}`];
    const sent = await swaks(
      ...attach,
      '--attach-type',
      'text/plain',
      '--attach-name',
      'order.txt',
      '--attach',
      `@${text}`,
    );
    expect(sent).toMatchObject({ code: 0 });
    await idle(pair);
    expect((await readdir(pair.out)).sort()).toEqual(['Gr.bin', 'order.txt']);
    expect((await readFile(join(pair.out, 'Gr.bin'))).equals(content)).toBe(true);
    expect((await readFile(join(pair.out, 'order.txt'), 'utf8')).trimEnd()).toBe('one order');

    const [mail] = await rows(pair.dmz);
    const parts = (await rows(pair.inner)).filter(({ scenario }) => scenario === 'processPart');
    expect(parts.map(({ parent }) => parent)).toEqual([mail?.id, mail?.id]);
    for (const { data } of [pair.inner, pair.dmz])
      for (const command of [['transfers', 'show'], ['replay'], ['visualise']]) {
        const { out } = await cli(...command, mail?.id ?? '', '--data', data);
        for (const { id } of parts) expect(out).toContain(id);
        if (command[0] !== 'visualise') expect(out).toContain('spf pass (acme.example)');
      }
    for (const command of [['transfers', 'show'], ['replay'], ['visualise']]) {
      const { out } = await cli(...command, parts[0]?.id ?? '', '--data', pair.inner.data);
      expect(out).toContain(mail?.id);
    }
    const audited = await cli('audit', '--transfer', parts[0]?.id ?? '', '--data', pair.inner.data);
    expect(audited.out).toContain(`transfer ${mail?.id}`);
  }, 60_000);

  it('of curl is held whole where it cannot be taken apart, with the reason, on both servers', async () => {
    const file = join(pair.directory, 'bomb.eml');
    await writeFile(file, `Message-ID: <bomb@acme.example>\r\n${deep(5000)}`);
    const url = `smtp://127.0.0.1:${port}`;
    const sent = await program('curl', [
      '-sS',
      url,
      '--mail-from',
      'edi@acme.example',
      '--mail-rcpt',
      mailbox,
      '-T',
      file,
    ]);
    expect(sent).toMatchObject({ code: 0 });
    const held = await until('it is held on dmz', async () => {
      const listed = await pair.dmz.control.list({ state: 'held', limit: 10 })();
      return isRight(listed) ? listed.right[0] : undefined;
    });
    const reason = 'the mail cannot be taken apart: its parts are in each other more than 30 deep; it stays whole';
    expect(held).toMatchObject({ name: 'bomb@acme.example.eml', reason });
    // Whoever needs it whole takes the step away.
    const config = await readFile(pair.inner.config, 'utf8');
    await writeFile(pair.inner.config, config.replace(/steps:\n\s+- kind: split/, 'steps: []'));
    expect(await cli('channels', 'reload', '--data', pair.inner.data)).toMatchObject({ code: 0 });
    expect(await cli('transfers', 'retry', held.id, '--data', pair.inner.data)).toMatchObject({ code: 0 });
    await idle(pair);
    await writeFile(pair.inner.config, config);
    expect(await cli('channels', 'reload', '--data', pair.inner.data)).toMatchObject({ code: 0 });
  }, 60_000);

  it('makes one transfer of each, though inner is killed again and again', async () => {
    const before = new Set((await rows(pair.inner)).map(({ id }) => id));
    const attach = Array.from({ length: 40 }, (_, i) => [
      '--attach-name',
      `k${i}.txt`,
      '--attach',
      `content ${i}`,
    ]).flat();
    for (let i = 0; i < 2; i += 1) expect(await swaks(...attach)).toMatchObject({ code: 0 });
    for (let i = 0; i < 2; i += 1) {
      const seen = before.size + 2 + i * 30;
      await until('some are made', async () => (await rows(pair.inner)).length >= seen);
      await pair.inner.kill();
      await pair.inner.start();
    }
    await linked(pair);
    await idle(pair);
    const made = (await rows(pair.inner)).filter(({ id }) => !before.has(id));
    const parts = made.filter(({ scenario }) => scenario === 'processPart');
    expect(parts).toHaveLength(80);
    expect((await readdir(pair.out)).filter((name) => name.startsWith('k'))).toHaveLength(80);
    expect((await readFile(join(pair.out, 'k7.txt'), 'utf8')).trimEnd()).toBe('content 7');
    await expectOneStory(pair);
  }, 120_000);
});
