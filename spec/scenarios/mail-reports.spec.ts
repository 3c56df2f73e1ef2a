/** What mail servers report of our mails comes back as mail, and stands with the transfer that sent it. */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isRight } from 'fp-ts/lib/Either.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TransferRow } from '../../domain/control.ts';
import { openSsh } from '../support/clients.ts';
import { freePort } from '../support/free-port.ts';
import { eventsOf, sendingOf } from '../support/partner-faults.ts';
import { acmeMailbox, type Mailer, startPostfix } from '../support/postfix.ts';
import { type Pair, startPair } from '../support/servers.ts';
import { expectOneStory, idle } from '../support/stories.ts';
import { until } from '../support/until.ts';

const sender = 'edi@here.example';
const whom = { arrives: acmeMailbox, bounces: 'nobody@gone.example' };

describe('a delivery report of postfix', () => {
  let pair: Pair;
  let directory: string;
  let postfix: Mailer;
  const mailed = async (name: string): Promise<TransferRow> => {
    await writeFile(join(directory, name), name);
    expect(await openSsh(pair, [`put ${join(directory, name)}`])).toMatchObject({ code: 0 });
    return sendingOf(pair.inner, name, 'sent', ({ ended }) => ended);
  };
  const reportOn = (id: string) =>
    until('it is reported on', async () =>
      (await eventsOf(pair.inner, id)).flatMap((event) => (event.type === 'reported' ? [event.data] : [])).at(0),
    );
  const rowOf = (id: string, is: (row: TransferRow) => boolean) =>
    until('the report is so', async () => {
      const rows = await pair.inner.control.list({ limit: 100 })();
      return isRight(rows) ? rows.right.find((row) => row.id === id && is(row)) : undefined;
    });

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'sallyport-mail-reports-'));
    const port = await freePort();
    const partner = { protocol: 'smtp', tls: 'opportunistic', hosts: [`127.0.0.1:${port}`], from: sender };
    pair = await startPair({
      moreChannels: [
        ...Object.entries(whom).map(([name, to]) => ({
          name,
          partner: { ...partner, to: [to], reports: ['success', 'failure'] },
        })),
        { name: 'reports', mail: { recipients: [sender] } },
      ],
      moreProfiles: [
        ...Object.keys(whom).map((name) => ({
          name,
          match: { channel: 'acme', name: `${name}-*` },
          responses: [{ kind: 'send', channel: name }],
        })),
        {
          name: 'reports',
          match: { channel: 'reports' },
          steps: [{ kind: 'readReport' }],
          responses: [{ kind: 'file', directory: 'out' }],
        },
      ],
    });
    // Whoever is not at home there is refused by the next server only: here by our own.
    postfix = await startPostfix({ port, routes: { 'here.example': pair.smtpPort, 'gone.example': pair.smtpPort } });
  }, 60_000);
  afterAll(async () => {
    await pair.end();
    await postfix.stop();
    await rm(directory, { recursive: true, force: true });
  });

  it('says that a mail was delivered', async () => {
    const { id } = await mailed('arrives-1.txt');
    const { report, recipients } = await reportOn(id);
    expect(recipients).toEqual([
      { address: acmeMailbox, action: 'delivered', status: '2.0.0', said: expect.stringMatching(/maildir/) as string },
    ]);
    await rowOf(report, ({ ended }) => ended);
    expect(postfix.printed()).toContain(`status=sent (delivered to maildir)`);
  });

  it('says that it was not, and is held with that until a person has seen to it', async () => {
    const { id } = await mailed('bounces-1.txt');
    const { report, recipients } = await reportOn(id);
    const { bounces: bounced } = whom;
    expect(recipients).toMatchObject([
      { address: bounced, action: 'failed', status: '5.1.1', said: expect.stringMatching(/^550 /) as string },
    ]);
    const held = await rowOf(report, ({ state }) => state === 'held');
    expect(held.reason).toMatch(`the mail of transfer ${id} was not delivered: failed for ${bounced}: `);
    expect(held.reason).toContain(': 550 ');
    await pair.inner.control.order(report, 'release', 'the partner was told', 'test')();
    await rowOf(report, ({ ended }) => ended);
    const events = await eventsOf(pair.inner, id);
    expect(events.filter(({ type }) => type === 'reported')).toHaveLength(1);
  });

  it('that nobody of ours has sent passes as any other mail', async () => {
    const before = (await readdir(pair.out)).length;
    const other = ['Content-Type: multipart/report; report-type=delivery-status; boundary=b', '', '--b'];
    const status = ['Content-Type: message/delivery-status', '', 'Reporting-MTA: dns; mx', ''];
    const one = `Original-Envelope-Id: ${'0'.repeat(26)}`;
    const group = ['Final-Recipient: rfc822; a@b.example', 'Action: failed', 'Status: 5.0.0', '--b--', ''];
    const mail = ['Subject: forged', ...other, ...status.slice(0, 2), one, ...status.slice(2), ...group].join('\n');
    expect(await postfix.submit(mail, ['-f', '', sender])).toMatchObject({ code: 0 });
    await until('it is delivered', async () => (await readdir(pair.out)).length > before);
  });

  it('leaves one story in both logs', async () => {
    await idle(pair);
    expect(await expectOneStory(pair)).toBe(7);
  });
});
