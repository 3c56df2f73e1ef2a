/** A partner's program that mails (swaks, a process a mail), and what of mails is in a mailbox. */
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { run } from '../support/run.ts';
import type { Pair } from '../support/servers.ts';
import type { Sender } from './lanes.ts';
import type { Sent } from './ledger.ts';

/** The address that the mails go to. */
export const mailsTo = 'mails@here.example';

const from = 'edi@acme.example';

/** The same name is the same mail, byte for byte, however often it must be sent. */
const mailOf = ({ name, bytes }: Sent): string =>
  [
    `From: ${from}`,
    `Message-ID: <${name}@acme.example>`,
    'Content-Transfer-Encoding: base64',
    '',
    ...(bytes.toString('base64').match(/.{1,76}/g) ?? []),
    '',
  ].join('\r\n');

/** Sends whole mails only, and with pauses: each is a program of its own. */
export const mailSender = (pair: Pair): Sender => ({
  send: async (_way, file) => {
    await setTimeout(300);
    const local = join(pair.directory, `source-${file.name}`);
    await writeFile(local, mailOf(file));
    const whom = ['--from', from, '--to', mailsTo, '--data', `@${local}`];
    const ran = await run('swaks', ['--server', `127.0.0.1:${pair.smtpPort}`, ...whom], { within: 30_000 });
    if (ran.code !== 0) throw new Error(`${ran.err}${ran.out.slice(-500)}`);
    await rm(local);
  },
  leave: () => Promise.resolve(),
});

const decoded = (text: string): Buffer => Buffer.from(text, 'base64');

/** The files that such mails hold, as they were delivered here. */
export const mailedIn = async (directory: string): Promise<readonly Sent[]> =>
  Promise.all(
    (await readdir(directory)).map(async (name) => {
      const mail = await readFile(join(directory, name), 'latin1');
      const bytes = decoded(mail.slice(mail.indexOf('\r\n\r\n') + 4));
      return { name: name.replace('@acme.example', '').replace(/\.eml$/, ''), bytes };
    }),
  );

/** The files that our mails hold which are in a mailbox; of those with one Message-ID, one, as readers of mail show them. */
export const postedIn = (mails: readonly string[]): readonly Sent[] => {
  const byId = new Map(mails.map((mail) => [/^Message-ID: (<.*>)$/im.exec(mail)?.[1] ?? mail, mail]));
  return [...byId.values()].map((mail) => {
    const [, boundary = ''] = /boundary="(.*)"/.exec(mail) ?? [];
    const part = mail.split(`--${boundary}`).find((each) => /^Content-Disposition: attachment/im.test(each)) ?? '';
    return { name: /^Subject: (.*)$/m.exec(mail)?.[1] ?? '', bytes: decoded(part.slice(part.indexOf('\n\n') + 2)) };
  });
};
