/** The scenarios of a partner with a server of its own, in a crash test: what is fetched from it, sent to it, and picked up by it. */
import { mkdir, readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { openSsh } from '../support/clients.ts';
import { mailChannelFor } from '../support/mail-world.ts';
import { channelFor, partnerKinds, type RunningPartner, remote, startPartner } from '../support/partner-world.ts';
import { startPostfix } from '../support/postfix.ts';
import type { Pair, PairOptions } from '../support/servers.ts';
import { contentOf } from './lanes.ts';
import { type Audit, type Ledger, openLedger } from './ledger.ts';
import { mailedIn, mailsTo, postedIn } from './mail-sender.ts';

/** A partner's server with all that a pair must know of it; `directory` holds what is written before the pair is there. */
export type PartnerSide = {
  readonly options: PairOptions;
  readonly begin: (pair: Pair, seed: number, over: () => boolean) => PartnerWork;
  readonly end: () => Promise<void>;
};

/** What goes on at its side. The ledgers are of what lanes of the test have sent to it, posted to it and provided for it, and of what they mail to us. */
export type PartnerWork = {
  readonly sent: Ledger;
  readonly posted: Ledger;
  readonly provided: Ledger;
  readonly mailed: Ledger;
  /** Ends when the test is over. */
  readonly working: Promise<void>;
  /** Picks up until nothing is left, and compares what is where with the books. */
  readonly audits: () => Promise<Readonly<Record<string, Audit>>>;
};

/** Names of files that are sent on, sent on by mail, and provided. */
export const prefixes = { sent: 'send', posted: 'post', provided: 'offer' } as const;

const home = '/pickup';

/** Starts an OpenSSH server and a postfix that stand for the partner. */
export const startPartnerSide = async (directory: string): Promise<PartnerSide> => {
  const kind = partnerKinds.find(({ name }) => name === 'sftp');
  if (kind === undefined) throw new Error('there is no partner with SFTP');
  const partner = await startPartner(kind);
  const fetched = join(directory, 'fetched');
  const picked = join(directory, 'picked');
  const mailed = join(directory, 'mailed');
  const postfix = await startPostfix();
  const resend = { sending: { onUnknownOutcome: 'resend' } };
  const mailbox = { name: 'mailbox', ...postfix, settings: { protocol: 'smtp', trusted: postfix.trusted } };
  for (const each of [fetched, picked, mailed]) await mkdir(each);
  const agent = { kind: 'cron', schedule: '* * * * * *', settle: '50ms', name: 'get-*' };
  const options: PairOptions = {
    channel: { provided: { afterPickUp: 'delete' } },
    moreChannels: [
      await channelFor(directory, partner),
      await mailChannelFor(directory, mailbox, resend),
      { name: 'mails', mail: { recipients: [mailsTo] } },
    ],
    moreProfiles: [
      {
        name: 'fetched',
        agent: { ...agent, channel: partner.name, directory: remote(partner, 'out') },
        responses: [{ kind: 'file', directory: fetched }],
      },
      {
        name: 'sent',
        match: { channel: 'acme', name: `${prefixes.sent}*` },
        responses: [{ kind: 'send', channel: partner.name, directory: remote(partner, 'in') }],
      },
      {
        name: 'posted',
        match: { channel: 'acme', name: `${prefixes.posted}*` },
        responses: [{ kind: 'send', channel: mailbox.name }],
      },
      { name: 'mailed', match: { channel: 'mails' }, responses: [{ kind: 'file', directory: mailed }] },
      {
        name: 'provided',
        match: { channel: 'acme', name: `${prefixes.provided}*` },
        responses: [{ kind: 'provide', channel: 'acme', directory: home }],
      },
    ],
  };
  return {
    options,
    begin: (pair, seed, over) => {
      const [offered, sent, posted] = [openLedger(), openLedger(), openLedger()];
      const [provided, mails] = [openLedger(), openLedger()];
      const working = Promise.all([offer(partner, offered, seed, over), pickUp(pair, picked, over)]);
      return {
        ...{ sent, posted, provided, mailed: mails },
        working: working.then(() => undefined),
        audits: async () => {
          while (await pickUpOnce(pair, picked)) await setTimeout(50);
          return {
            fetched: await offered.audit(fetched),
            sent: await sent.audit(partner.at('in')),
            posted: posted.compare(postedIn(await postfix.mails())),
            provided: await provided.audit(picked),
            mailed: mails.compare(await mailedIn(mailed)),
          };
        },
      };
    },
    end: async () => {
      await Promise.all([partner.server.stop(), postfix.stop()]);
    },
  };
};

/** The partner lays files out to be fetched, each whole at once. */
const offer = async (partner: RunningPartner, ledger: Ledger, seed: number, over: () => boolean): Promise<void> => {
  for (let i = 0; !over(); i += 1) {
    const name = `get-${i}.bin`;
    const bytes = contentOf(seed, name, i % 7 === 0 ? 200 * 1024 : 4096);
    const temporary = partner.at(`out/.${name}`);
    await writeFile(temporary, bytes);
    await partner.server.own(temporary);
    ledger.begun({ name, bytes });
    await rename(temporary, partner.at(`out/${name}`));
    ledger.answered({ name, bytes });
    await setTimeout(300);
  }
};

/** The partner looks now and then what is there for it. */
const pickUp = async (pair: Pair, directory: string, over: () => boolean): Promise<void> => {
  while (!over()) {
    await pickUpOnce(pair, directory);
    await setTimeout(500);
  }
};

/** Gets one file after the other; answers whether there was any. What broke off is got again. */
const pickUpOnce = async (pair: Pair, directory: string): Promise<boolean> => {
  const listed = await openSsh(pair, [`ls -1 ${home}`], 20_000);
  const names = listed.out
    .split('\n')
    .filter((line) => line.startsWith(`${home}/`))
    .map((line) => line.slice(home.length + 1).trim());
  for (const name of names) {
    const temporary = join(directory, `.${name}`);
    const got = await openSsh(pair, [`get ${home}/${name} ${temporary}`], 20_000);
    if (got.code === 0 && (await readdir(directory)).includes(`.${name}`))
      await rename(temporary, join(directory, name));
  }
  return names.length > 0;
};
