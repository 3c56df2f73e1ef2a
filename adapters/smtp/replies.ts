/** What we answer, and which code each refusal is (RFC 5321, section 4.2; RFC 4954, section 6). */
import type { Refusal, RefusalReason } from '../../domain/failure.ts';
import { farewell, type Reply, refusalCodes, reply } from '../shared/replies.ts';

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

const codes: Readonly<Record<RefusalReason, number>> = { ...refusalCodes, badCredentials: 535, invalid: 554 };

/** A refusal as a reply. */
export const refused = ({ reason, text }: Refusal): Reply => reply(codes[reason], text);
