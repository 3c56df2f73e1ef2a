/** What we answer, and which code each refusal is (RFC 5321, section 4.2; RFC 4954, section 6). */
import type { Refusal, RefusalReason } from '../../domain/failure.ts';
import { printable } from '../shared/printable.ts';

/** One reply. `hangUp` ends the connection after it, as 421 does by itself. */
export type Reply = { readonly code: number; readonly text: string; readonly hangUp?: true };

/** Makes a reply; whatever is in the text, it stays one line of bearable length. */
export const reply = (code: number, text: string): Reply => ({ code, text: printable(text, 400) });

/** A reply after which the connection ends. */
export const farewell = (code: number, text: string): Reply => ({ ...reply(code, text), hangUp: true });

/** The words of the replies that several commands share. */
export const common = {
  closing: farewell(421, 'The server is closing; come back later.'),
  full: farewell(421, 'Too many connections; try again later.'),
  ended: farewell(421, 'The session has ended.'),
  noLogin: farewell(421, 'No login, and no recipient here, for too long.'),
  tooSlow: farewell(421, 'The mail takes too long.'),
  tooMuch: farewell(421, 'Too many commands without a mail.'),
  strangers: farewell(421, 'Too many recipients that are not here.'),
  encryptFirst: reply(530, 'Must issue a STARTTLS command first.'),
  badSender: reply(553, 'This is no sender address.'),
  badRecipient: reply(553, 'This is no mail address.'),
  bareLine: farewell(500, 'A line ends with CR LF, and there is no other CR or LF in it.'),
  defect: reply(451, 'Internal error.'),
} as const;

const codes: Readonly<Record<RefusalReason, number>> = {
  badCredentials: 535,
  tooManySessions: 421,
  tooManyAttempts: 421,
  tooLarge: 552,
  badName: 553,
  notFound: 550,
  exists: 550,
  notEmpty: 550,
  isDirectory: 550,
  notDirectory: 550,
  busy: 450,
  noSpace: 452,
  unavailable: 451,
  notPermitted: 550,
  illegal: 503,
  invalid: 554,
};

/** A refusal as a reply. */
export const refused = ({ reason, text }: Refusal): Reply => reply(codes[reason], text);
