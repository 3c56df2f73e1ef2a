/** Delivery reports as mail servers send them back (RFC 3464): what became of a mail of ours, by recipient. */
import { type Either, left, right } from 'fp-ts/lib/Either.js';
import { z } from 'zod';

/** What became of a mail for one recipient; `said` is the other server's sentence, or its status where it said none. */
export const reportedRecipient = z.strictObject({
  address: z.string().max(320),
  action: z.enum(['failed', 'delayed', 'delivered', 'relayed', 'expanded']),
  status: z.string().max(20),
  said: z.string().max(500),
});
export type ReportedRecipient = z.infer<typeof reportedRecipient>;

/** A report; `about` is the transfer that its envelope id, or the Message-ID of the mail that it is about, names. */
export type MailReport = { readonly about: string; readonly recipients: readonly ReportedRecipient[] };

/** A report on such a mail that cannot be read, and why. */
type BadReport = { readonly about: string; readonly problem: string };

/** No more of a mail is looked at: the report stands before the mail that it is about. */
export const longestReport = 256 * 1024;

const mostRecipients = 100;
const status = /^[245]\.\d{1,3}\.\d{1,3}$/;
const ours = /^<?([0-9a-hjkmnp-tv-z]{26})(@|>?$)/;

/** Reads a mail. Undefined where it is no report, or names no mail that could be ours. */
export const readReport = (mail: string): Either<BadReport, MailReport | undefined> => {
  const whole = partOf(mail);
  const type = whole.fields.get('content-type') ?? '';
  if (!/^multipart\/report\s*;/i.test(type) || parameter(type, 'report-type')?.toLowerCase() !== 'delivery-status')
    return right(undefined);
  const boundary = parameter(type, 'boundary');
  if (boundary === undefined) return right(undefined);
  const parts = partsOf(whole.body, boundary).map(partOf);
  const told = parts.find(({ fields }) => /^message\/(global-)?delivery-status\b/i.test(typeOf(fields)));
  const [first = '', ...groups] = (told?.body ?? '').split(/\n(?:[ \t]*\n)+/).filter((group) => group.trim() !== '');
  const about = ours.exec(fieldsOf(first).get('original-envelope-id') ?? '')?.[1] ?? messageIdIn(parts);
  if (about === undefined) return right(undefined);
  const bad = (why: string) => left({ about, problem: `the delivery report on ${about} ${why}` });
  if (told === undefined) return bad('has no part message/delivery-status');
  const encoding = told.fields.get('content-transfer-encoding')?.toLowerCase() ?? '7bit';
  if (!/^(7bit|8bit|binary)$/.test(encoding)) return bad(`is encoded as ${encoding.slice(0, 40)}`);
  if (groups.length === 0 || groups.length > mostRecipients)
    return bad(`names ${groups.length} recipients; 1 to ${mostRecipients} are read`);
  const recipients = groups.map((group) => recipientOf(fieldsOf(group)));
  const good = z.array(reportedRecipient).safeParse(recipients);
  return good.success
    ? right({ about, recipients: good.data })
    : bad(`cannot be read: ${z.prettifyError(good.error).replaceAll('\n', ' ').slice(0, 300)}`);
};

/** What a report says in one sentence, for people. */
export const reportWords = (recipients: readonly ReportedRecipient[]): string =>
  recipients.map(({ address, action, said }) => `${action} for ${address}: ${said}`).join('; ');

type Fields = ReadonlyMap<string, string>;
type Part = { readonly fields: Fields; readonly body: string };

/** Whatever the line ends: what is stored in mailboxes has LF alone. */
const partOf = (text: string): Part => {
  const lines = text.replaceAll('\r\n', '\n');
  const end = lines.startsWith('\n') ? 0 : lines.indexOf('\n\n');
  return end < 0
    ? { fields: fieldsOf(lines), body: '' }
    : { fields: fieldsOf(lines.slice(0, end)), body: lines.slice(end).replace(/^\n\n?/, '') };
};

/** The first of each name; folded lines are one. */
const fieldsOf = (header: string): Fields => {
  const found = new Map<string, string>();
  for (const line of header.split(/\n(?![ \t])/)) {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon)).trim().toLowerCase();
    if (name !== '' && !found.has(name))
      found.set(
        name,
        line
          .slice(colon + 1)
          .replace(/\s+/g, ' ')
          .trim(),
      );
  }
  return found;
};

const typeOf = (fields: Fields): string => fields.get('content-type') ?? '';

const parameter = (type: string, name: string): string | undefined => {
  const found = new RegExp(`;\\s*${name}\\s*=\\s*(?:"([^"]{1,200})"|([^\\s;"]{1,200}))`, 'i').exec(type);
  return found?.[1] ?? found?.[2];
};

const partsOf = (body: string, boundary: string): readonly string[] => {
  const parts: string[][] = [];
  for (const line of body.split('\n')) {
    const mark = line.trimEnd();
    if (mark === `--${boundary}--`) break;
    if (mark === `--${boundary}`) parts.push([]);
    else parts.at(-1)?.push(line);
  }
  return parts.slice(0, 20).map((lines) => lines.join('\n'));
};

/** That of the mail itself, or of its header, which comes back behind the report. */
const messageIdIn = (parts: readonly Part[]): string | undefined => {
  const back = parts.find(({ fields }) => /^(message\/(rfc822|global)|text\/rfc822-headers)/i.test(typeOf(fields)));
  return back === undefined ? undefined : ours.exec(partOf(back.body).fields.get('message-id') ?? '')?.[1];
};

const recipientOf = (fields: Fields): Readonly<Record<string, unknown>> => {
  const whom = fields.get('original-recipient') ?? fields.get('final-recipient') ?? '';
  const code = fields.get('status')?.split(' ')[0] ?? '';
  const diagnostic = fields.get('diagnostic-code')?.replace(/^[^;]*;\s*/, '') ?? '';
  return {
    address: plain(whom.replace(/^[^;]*;\s*/, '')) || undefined,
    action: fields.get('action')?.toLowerCase(),
    status: status.test(code) ? code : undefined,
    said: plain(diagnostic).slice(0, 500) || code,
  };
};

const plain = (text: string): string => text.replace(/[\p{Cc}\s]+/gu, ' ').trim();
