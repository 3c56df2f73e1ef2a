/** What we answer on the control connection, and which code each refusal is (RFC 959, section 4.2; RFC 1123, section 4.1.2.11). */
import type { Refusal, RefusalReason } from '../../domain/failure.ts';
import { refusalCodes, reply, type Reply as SharedReply } from '../shared/replies.ts';

/** One reply. With a `body` it has several lines: the text, the body as it stands, and an end. `startTls` encrypts the connection after it. */
export type Reply = SharedReply & { readonly body?: readonly string[]; readonly startTls?: true };

/** A reply of several lines. The body's lines must not begin with digits. */
export const listing = (code: number, text: string, body: readonly string[]): Reply => ({ ...reply(code, text), body });

/** The words of the replies that several verbs share. */
export const common = {
  done: reply(250, 'Done.'),
  badArgument: reply(501, 'The argument is not understood; HELP and the verb shows what it takes.'),
  loginFirst: reply(530, 'Log in first, with USER and PASS.'),
  noData: reply(425, 'There is no data connection: ask for one with EPSV or PASV, and open it at once.'),
  lost: reply(426, 'The data connection was lost; nothing was delivered.'),
  aborted: reply(426, 'The transfer was aborted; nothing was delivered.'),
  cut: reply(426, 'The data ended without TLS close_notify, so it may have been cut off; nothing was delivered.'),
  noHandshake: reply(425, 'The TLS handshake of the data connection failed.'),
  notResumed: reply(522, 'The data connection must resume the TLS session of the control connection.'),
  plainOnly: reply(502, 'This is FTP without TLS; where this server offers FTPS it is at another port.'),
  encryptFirst: reply(530, 'This is FTP over TLS only: AUTH TLS comes first.'),
  protectFirst: reply(522, 'Data goes over TLS only: PBSZ 0 and PROT P come first.'),
  defect: reply(451, 'Internal error.'),
} as const;

const codes: Readonly<Record<RefusalReason, number>> = { ...refusalCodes, badCredentials: 530, invalid: 550 };

/** A refusal as a reply. */
export const refused = ({ reason, text }: Refusal): Reply => reply(codes[reason], text);

/** A reply on the wire (RFC 959, section 4.2). A body stands between the first line and an end of our own. */
export const replyText = (code: number, lines: readonly string[], body?: readonly string[]): string => {
  const all = [...lines, ...(body === undefined ? [] : ['End.'])];
  const coded = all.map((line, i) => `${code}${i < all.length - 1 ? '-' : ' '}${line}`);
  return [coded[0], ...(body ?? []), ...coded.slice(1), ''].join('\r\n');
};
