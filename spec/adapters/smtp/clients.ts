/** Partners that send mail: swaks, and our own hands on the wire. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Outcome, Place, ProtocolClient } from '../../contracts/protocol.ts';
import { program } from '../../support/program.ts';
import { dial, type Hand } from '../ftp/clients.ts';

/** How a connection is encrypted; absent: not at all. */
export type Tls = 'starttls' | 'implicit';

/** The address of the channel `acme`, and one that is nobody's. */
export const mailbox = 'orders@here.example';
export const nobody = 'nobody@here.example';
/** Who sends. */
export const sender = 'edi@acme.example';

/** A mail with something in it, whose Message-ID is made of a name. */
export const mailOf = (name: string, content: Buffer): string =>
  [
    `From: ${sender}`,
    `To: ${mailbox}`,
    'Subject: Orders',
    `Message-ID: <${name}@acme.example>`,
    'MIME-Version: 1.0',
    'Content-Type: application/octet-stream',
    'Content-Transfer-Encoding: base64',
    '',
    ...(content.toString('base64').match(/.{1,76}/g) ?? []),
    '',
  ].join('\r\n');

/** What is in such a mail. */
export const contentOf = (mail: Buffer): Buffer =>
  Buffer.from(mail.subarray(mail.indexOf('\r\n\r\n') + 4).toString('latin1'), 'base64');

/** swaks, with a login where the place has one; the text is what the server said. */
export const swaks = async (place: Place, args: readonly string[], tls?: Tls): Promise<Outcome> => {
  const security = { starttls: ['--tls'], implicit: ['--tls-on-connect'] };
  const login = ['--auth', 'PLAIN,LOGIN', '--auth-user', place.login, '--auth-password', place.password];
  const { code, text } = await program('swaks', [
    ...['--server', place.host, '--port', String(place.port), '--helo', 'mail.acme.example'],
    ...['--from', sender],
    ...(tls === undefined ? [] : security[tls]),
    ...(place.login === '' ? [] : login),
    ...args,
  ]);
  return { ok: code === 0, text: (text.match(/^ ?<.*$/gm) ?? []).join('\n') };
};

/** Connects, and says hello; encrypted where that is wanted. */
export const greeted = async (place: Pick<Place, 'host' | 'port'>, tls?: Tls): Promise<Hand> => {
  const hand = await dial(place, tls === 'implicit' ? 'implicit' : undefined);
  await hand.ask('EHLO mail.acme.example');
  if (tls !== 'starttls') return hand;
  await hand.ask('STARTTLS');
  await hand.encrypt();
  await hand.ask('EHLO mail.acme.example');
  return hand;
};

/** Connects and logs in. */
export const loggedIn = async (place: Place, tls: Tls): Promise<Hand> => {
  const hand = await greeted(place, tls);
  const token = Buffer.from(`\0${place.login}\0${place.password}`).toString('base64');
  const answer = await hand.ask(`AUTH PLAIN ${token}`);
  if (!answer.startsWith('235')) throw new Error(answer);
  return hand;
};

/** MAIL, RCPT and DATA; the reply to the last of them that was not refused. */
export const announced = async (hand: Hand, ...recipients: readonly string[]): Promise<string> => {
  const lines = [`MAIL FROM:<${sender}>`, ...recipients.map((each) => `RCPT TO:<${each}>`), 'DATA'];
  let answer = '';
  for (const line of lines) {
    answer = await hand.ask(line);
    if (!/^[23]/.test(answer)) return answer;
  }
  return answer;
};

/** Sends a mail as it stands, and answers what is said of it. */
export const sent = (hand: Hand, mail: string): Promise<string> => hand.ask(`${mail.replace(/^\./gm, '..')}.`);

/** swaks, as the protocol contract wants it. A path into a directory is mail for nobody. */
export const swaksClient = (place: Place, tls: Tls): ProtocolClient => ({
  put: async (local, remote) => {
    const file = join(place.directory, `${remote}.mail`);
    await writeFile(file, mailOf(remote, await readFile(local)));
    return swaks(place, ['--to', mailbox, '--data', `@${file}`], tls);
  },
  putBoth: async (local, first, second) => {
    const hand = await loggedIn(place, tls);
    const replies: string[] = [];
    for (const name of [first, second]) {
      replies.push(await announced(hand, name.includes('/') ? nobody : mailbox));
      if (replies.at(-1)?.startsWith('354') === true)
        replies.push(await sent(hand, mailOf(name, await readFile(local))));
      else await hand.ask('RSET');
    }
    return { ok: replies.at(-1)?.startsWith('250') === true, text: replies.join('\n') };
  },
  cut: async (remote, bytes, written) => {
    const hand = await loggedIn(place, tls);
    await announced(hand, mailbox);
    hand.send(mailOf(remote, bytes));
    await written();
    hand.socket.destroy();
  },
  stay: async () => {
    const hand = await loggedIn(place, tls);
    return { ended: hand.ended, leave: () => hand.send('QUIT\r\n') };
  },
});
