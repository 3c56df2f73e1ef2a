/** A mail of 200 MB with ten attachments: taken, taken apart, and delivered byte for byte, without either server holding it. */
import { createHash } from 'node:crypto';
import { open, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { filePart, mailOfParts } from '../support/mail-bombs.ts';
import { program } from '../support/program.ts';
import { mailbox, startPair } from '../support/servers.ts';
import { expectOneStory, idle } from '../support/stories.ts';
import { watchMemory } from '../support/watch-memory.ts';

const MB = 1_000_000;
const count = 10;
const size = 14.8 * MB;

const contentOf = (i: number): Buffer =>
  createHash('shake256', { outputLength: size + i })
    .update(String(i))
    .digest();
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** Writes the mail, and answers the hash of each attachment by its name. */
const write = async (file: string): Promise<ReadonlyMap<string, string>> => {
  const hashes = new Map<string, string>();
  const handle = await open(file, 'w');
  await handle.write('Subject: large\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n');
  for (let i = 0; i < count; i += 1) {
    const content = contentOf(i);
    hashes.set(`part ${i}.bin`, sha256(content));
    await handle.write(`--b\r\nContent-Disposition: attachment; filename="part ${i}.bin"\r\n`);
    await handle.write('Content-Transfer-Encoding: base64\r\n\r\n');
    await handle.write(content.toString('base64').replace(/.{76}/g, '$&\r\n'));
    await handle.write('\r\n');
  }
  await handle.write('--b--\r\n');
  await handle.close();
  return hashes;
};

it('a mail of 200 MB is ten files, byte for byte, within 150 MB of the idle memory of each server', async () => {
  const port = await freePort();
  const mails = { name: 'mails', match: { channel: 'acme', name: '*.eml' }, steps: [{ kind: 'split' }] };
  const pair = await startPair({
    channel: { mail: { recipients: [mailbox], needsLogin: false } },
    moreProfiles: [mails],
    dmz: { listeners: [{ protocol: 'smtp', host: '127.0.0.1', port, maxMailSize: '300 MiB' }] },
  });
  const send = (file: string) =>
    program('curl', [
      ...['-sS', `smtp://127.0.0.1:${port}`, '--mail-from', 'edi@acme.example', '--mail-rcpt', mailbox, '-T', file],
    ]);
  try {
    const [small, large] = [join(pair.directory, 'small.eml'), join(pair.directory, 'large.eml')];
    await writeFile(small, mailOfParts([filePart('attachment; filename=warm.txt', '7bit', 'warm')]));
    const hashes = await write(large);
    expect((await stat(large)).size).toBeGreaterThan(200 * MB);
    expect(await send(small)).toMatchObject({ code: 0 });
    await idle(pair);
    const memory = await watchMemory(pair);
    const begun = performance.now();
    expect(await send(large)).toMatchObject({ code: 0 });
    await idle(pair, 600_000);
    const more = memory();
    const used = `dmz ${Math.round(more.dmz / MB)} MB, inner ${Math.round(more.inner / MB)} MB more than idle`;
    console.log(`${used}, ${((performance.now() - begun) / 1000).toFixed(1)} s`);
    for (const [name, hash] of hashes) expect(sha256(await readFile(join(pair.out, name)))).toBe(hash);
    expect(await readdir(pair.out)).toHaveLength(count + 1);
    expect(more.dmz).toBeLessThan(150 * MB);
    expect(more.inner).toBeLessThan(150 * MB);
    await expectOneStory(pair);
  } finally {
    await pair.end();
  }
}, 1_200_000);
