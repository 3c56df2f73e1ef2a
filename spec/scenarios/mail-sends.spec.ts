/** What we send as mail to a real mail server that is greylisting, refusing or away; via dmz, and from inner itself. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSsh } from '../support/clients.ts';
import { startDns } from '../support/dns-server.ts';
import { type Greylist, startGreylist } from '../support/greylist.ts';
import { mailChannelFor } from '../support/mail-world.ts';
import { eventsOf, sendingOf } from '../support/partner-faults.ts';
import { acmeMailbox, type Mailer, startPostfix } from '../support/postfix.ts';
import { type Pair, startPair } from '../support/servers.ts';
import { expectOneStory, idle } from '../support/stories.ts';
import { until } from '../support/until.ts';

const patient = { retries: { attempts: 100, firstDelay: '200ms', longestDelay: '400ms' } };

describe('mail to a partner', () => {
  let pair: Pair;
  let directory: string;
  let greylist: Greylist;
  let postfix: Mailer;
  let dns: Awaited<ReturnType<typeof startDns>>;
  const deliver = async (name: string): Promise<void> => {
    await writeFile(join(directory, name), `what is in ${name}`);
    expect(await openSsh(pair, [`put ${join(directory, name)}`])).toMatchObject({ code: 0 });
  };
  const mailsOf = async (name: string): Promise<readonly string[]> =>
    (await postfix.mails()).filter((mail) => mail.includes(`Subject: ${name}`));
  /** The one mail that came, and the Message-ID that each try named, as postfix tells it. */
  const arrived = async (name: string, from: string) => {
    const mail = await until(`${name} is there`, async () => (await mailsOf(name))[0]);
    const [, messageId = ''] = /^Message-ID: (<.*>)$/im.exec(mail) ?? [];
    expect(mail).toContain(Buffer.from(`what is in ${name}`).toString('base64'));
    expect(greylist.sentAway).toContain(`${from} ${acmeMailbox}`);
    return messageId;
  };

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'sallyport-mail-sends-'));
    greylist = await startGreylist();
    dns = await startDns({
      'acme.example': { mx: [[10, 'mx.acme.example']] },
      'mx.acme.example': { a: ['127.0.0.1'] },
    });
    postfix = await startPostfix({
      settings: { smtpd_recipient_restrictions: `check_policy_service inet:127.0.0.1:${greylist.port}` },
    });
    const server = { ...postfix, settings: { protocol: 'smtp', trusted: postfix.trusted } };
    const channel = (name: string, more: object) => mailChannelFor(directory, { ...server, name }, { ...more });
    pair = await startPair({
      moreChannels: [
        await channel('via', { from: 'via@here.example' }),
        await channel('self', { from: 'self@here.example' }),
        await channel('mx', {
          ...{ from: 'mx@here.example', lookup: 'mx', hosts: [`acme.example:${postfix.port}`] },
          ...{ dns: [dns.address], privateAddresses: true },
        }),
        await channel('nobody', { to: ['nobody@acme.example'] }),
        await channel('operators', { from: 'sallyport@here.example', subject: 'alarms: {name}' }),
      ],
      moreProfiles: ['via', 'self', 'mx', 'nobody'].map((name) => ({
        name,
        match: { channel: 'acme', name: `${name}-*` },
        responses: [{ kind: 'send', channel: name, viaDmz: name !== 'self' }],
      })),
      inner: { ...patient, notifications: { channel: 'operators', collectFor: '1s' } },
      dmz: patient,
    });
  }, 60_000);
  afterAll(async () => {
    await pair.end();
    await postfix.stop();
    await greylist.stop();
    dns.stop();
    await rm(directory, { recursive: true, force: true });
  });

  it.each([
    ['via', 'responseSend', 'dmz'],
    ['self', 'innerSends', 'inner'],
    ['mx', 'responseSend', 'dmz'],
  ] as const)('that is sent away at first comes again, and once (%s)', async (name, scenario, sender) => {
    await deliver(`${name}-1.txt`);
    const messageId = await arrived(`${name}-1.txt`, `${name}@here.example`);
    const row = await sendingOf(pair.inner, `${name}-1.txt`, 'sent', ({ ended }) => ended);
    expect(row.scenario).toBe(scenario);
    expect(messageId).toBe(`<${row.id}@here.example>`);
    const events = await eventsOf(pair[sender], row.id);
    const failed = events.flatMap((event) => (event.type === 'stepFailed' ? [event.data.text] : []));
    expect(failed).toEqual([expect.stringMatching(/450.*Greylisted/)]);
    const finals = events.flatMap((event) => (event.type === 'sent' ? [event.data.final] : []));
    expect(finals).toEqual([messageId]);
    expect(await mailsOf(`${name}-1.txt`)).toHaveLength(1);
  });

  it('that the server refuses for good is held, and says why', async () => {
    await deliver('nobody-1.txt');
    const row = await sendingOf(pair.inner, 'nobody-1.txt', 'held', ({ state }) => state === 'held');
    expect(row.reason).toMatch(/550.*nobody@acme\.example.*User unknown/);
    const [notice = ''] = await until('the operators have a mail', async () => {
      const found = (await postfix.mails()).filter((mail) => /^Subject: alarms: alarms-/m.test(mail));
      return found.length > 0 ? found : undefined;
    });
    const words = notice
      .split(/\r?\n\r?\n/)
      .map((part) => Buffer.from(part, 'base64').toString())
      .join();
    expect(words).toMatch(/Alarms of inner-1\./);
    expect(words).toContain(`a transfer is held transfer="${row.id}" at="dmz-1" reason=`);
    expect(await pair.inner.control.order(row.id, 'abandon', 'there is nobody', 'test')()).toMatchObject({});
  });

  it('leaves one story in both logs', async () => {
    await idle(pair);
    expect(await expectOneStory(pair)).toBe(7);
  });
});
