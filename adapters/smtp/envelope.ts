/** MAIL and RCPT: whose mail it is, and for which channels. Nothing is ever passed on to anybody else. */
import { domainToASCII } from 'node:url';
import { isLeft } from 'fp-ts/lib/Either.js';
import type { Session } from '../../domain/intake.ts';
import { noPolicy, plainMailAddress, stricter } from '../../domain/mail.ts';
import type { Reply } from '../shared/replies.ts';
import { admit, type Dialogue, type Letter, letGo } from './dialogue.ts';
import { common, refused } from './replies.ts';

const mostStrangers = 20;
/** Sessions that a connection has at once: a relay may bring the mail of many. */
const mostSeats = 20;

/** MAIL: begins a letter. */
export const begin = (dialogue: Dialogue, given: string, size: number): Reply | undefined => {
  const { settings, wire } = dialogue;
  if (settings.protocol === 'smtp' && settings.startTls === 'demand' && !wire.session.secure)
    return common.encryptFirst;
  const sender = withPlainDomain(given);
  if (sender === undefined) return common.badSender;
  dialogue.letter = { sender, size, recipients: [], sessions: new Set(), policy: noPolicy };
  return undefined;
};

/** RCPT: one more recipient; refused where no channel takes the mail. */
export const address = async (dialogue: Dialogue, given: string): Promise<Reply | undefined> => {
  const { letter } = dialogue;
  const recipient = plainMailAddress(withPlainDomain(given) ?? '');
  if (letter === undefined || recipient === undefined) return common.badRecipient;
  const session = (await seated(dialogue, letter, recipient)) ?? (await opened(dialogue, letter, recipient));
  if ('code' in session) return session;
  const takes = await session.takesMail(letter.sender, recipient)();
  if (isLeft(takes)) return refused(takes.left);
  const would = await session.wouldTake(letter.size)();
  if (isLeft(would)) return refused(would.left);
  letter.recipients.push(recipient);
  letter.policy = stricter(letter.policy, takes.right);
  letter.sessions.add(session);
  return undefined;
};

/** A session that the connection has already, and that takes this mail. */
const seated = async ({ seats }: Dialogue, { sender }: Letter, recipient: string): Promise<Session | undefined> => {
  for (const seat of seats) {
    if (seat.sender !== undefined && seat.sender !== sender) continue;
    if (!isLeft(await seat.session.takesMail(sender, recipient)())) return seat.session;
  }
  return undefined;
};

const opened = async (dialogue: Dialogue, letter: Letter, recipient: string): Promise<Session | Reply> => {
  const { context, settings, wire, seats } = dialogue;
  const proof = { kind: 'recipient', recipient } as const;
  const login = letter.sender === '' ? '<>' : letter.sender;
  const attempt = { protocol: settings.protocol, address: wire.address, login, proof };
  const result = await context.intake.login(attempt)();
  if (isLeft(result)) {
    dialogue.strangers += result.left.reason === 'notFound' ? 1 : 0;
    return dialogue.strangers < mostStrangers ? refused(result.left) : common.strangers;
  }
  const idle = seats.filter((seat) => seat.sender !== undefined && !letter.sessions.has(seat.session));
  const oldest = seats.length < mostSeats ? undefined : idle[0];
  if (oldest !== undefined) await letGo(dialogue, oldest.session, true);
  const admitted = await admit(dialogue, { session: result.right, sender: letter.sender });
  return admitted ? result.right : common.ended;
};

/** An address with its domain in ASCII (RFC 5890), as config has it; undefined where it cannot be one. Empty for a bounce. */
const withPlainDomain = (given: string): string | undefined => {
  if (given === '') return '';
  const at = given.lastIndexOf('@');
  const [local, domain] = [given.slice(0, at), given.slice(at + 1)];
  const plain = domain.startsWith('[') ? domain : domainToASCII(domain);
  return at < 1 || plain === '' || given.length > 254 || /\ufffd/.test(given) ? undefined : `${local}@${plain}`;
};
