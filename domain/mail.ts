/** Mail as a channel takes it: to which addresses, from whom, and from where. */
import { z } from 'zod';
import { networkContains } from './network.ts';

const longest = 254;

// biome-ignore lint/suspicious/noControlCharactersInRegex: refusing them is the point
const local = /^[^\u0000-\u0020\u007f-\u00a0"(),:;<>@[\\\]\ufffd]+$/u;
const domain = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;

/** The form in which addresses are compared: nobody tells them apart by case. Undefined where it is no address. */
export const plainMailAddress = (text: string): string | undefined => {
  const address = text.normalize('NFC').toLowerCase();
  const at = address.lastIndexOf('@');
  const fits = address.length <= longest && local.test(address.slice(0, at)) && domain.test(address.slice(at + 1));
  return at > 0 && fits ? address : undefined;
};

/** An address, or with `*` before the `@` every address of a domain. */
export const mailAddress = z
  .string()
  .max(longest)
  .refine(
    (text) => plainMailAddress(text) !== undefined,
    'write an address such as orders@example.com, or *@example.com for all of a domain; a domain in letters beyond ASCII is written as xn--…',
  )
  .transform((text) => plainMailAddress(text) ?? text);

/** What is proved of a mail (RFC 8601, section 2.7): `policy` where it counts for nothing here, `temperror` where nobody answered. */
export const authResult = z.enum([
  ...['none', 'neutral', 'pass', 'fail', 'softfail', 'policy', 'temperror', 'permerror'],
] as const);
export type AuthResult = z.infer<typeof authResult>;

const provenDomain = z.string().max(253);

/** What was found of a mail: whether its sender may send from there, and who has signed it. */
export const mailChecks = z.strictObject({
  spf: z.strictObject({ result: authResult, domain: provenDomain }).optional(),
  dkim: z
    .array(z.strictObject({ result: authResult, domain: provenDomain, selector: provenDomain }))
    .max(10)
    .optional(),
});
export type MailChecks = z.infer<typeof mailChecks>;

const wish = z.enum(['off', 'record', 'require']);

/** What a channel wants to be proved. */
export const mailPolicy = z.strictObject({
  spf: wish
    .default('off')
    .describe('Whether the sender may send from its address, by its DNS. record: it is looked up. require: it must.'),
  dkim: wish
    .default('off')
    .describe("The same of signatures; require: one of the sender's domain, or of one above it."),
});
export type MailPolicy = z.infer<typeof mailPolicy>;

/** Nothing is looked at. */
export const noPolicy: MailPolicy = { spf: 'off', dkim: 'off' };

/** What both want. */
export const stricter = (one: MailPolicy, other: MailPolicy): MailPolicy => ({
  spf: wish.options[Math.max(wish.options.indexOf(one.spf), wish.options.indexOf(other.spf))] ?? one.spf,
  dkim: wish.options[Math.max(wish.options.indexOf(one.dkim), wish.options.indexOf(other.dkim))] ?? one.dkim,
});

/** Why a mail of this sender is not taken for what was found; `later`: it may be, where the DNS answers then. */
export const mailObjection = (
  policy: MailPolicy,
  { spf, dkim = [] }: MailChecks,
  sender: string,
): { readonly later: boolean; readonly text: string } | undefined => {
  if (policy.spf === 'require' && spf?.result !== 'pass') {
    const found = `SPF of ${spf?.domain ?? 'the sender'} says ${spf?.result ?? 'none'}`;
    return { later: spf?.result === 'temperror', text: `Mail from this address needs an SPF pass; ${found}.` };
  }
  const whose = sender.slice(sender.lastIndexOf('@') + 1).toLowerCase();
  const own = dkim.filter(({ domain }) => domain.includes('.') && `.${whose}`.endsWith(`.${domain.toLowerCase()}`));
  if (policy.dkim !== 'require' || own.some(({ result }) => result === 'pass')) return undefined;
  const later = own.some(({ result }) => result === 'temperror');
  return { later, text: `Mail from this sender needs a valid DKIM signature of ${whose || 'its domain'}.` };
};

/** What a channel says of mail, as its settings were checked. Absent at a channel: it takes none. */
export const mailRules = z.strictObject({
  recipients: z.array(z.string().max(longest)).max(1000),
  senders: z.array(z.string().max(longest)).max(1000),
  addresses: z.array(z.string().max(64)).max(1000),
  needsLogin: z.boolean(),
  policy: mailPolicy.optional(),
});
export type MailRules = z.infer<typeof mailRules>;

/** From whom, from which IP address, and to whom. `sender` is empty for a bounce. */
export type Letter = { readonly sender: string; readonly address: string; readonly recipient: string };

/** Does a list name the address, or its whole domain? */
const isAmong = (list: readonly string[], address: string): boolean =>
  mailEntriesFor(address).some((each) => list.includes(each));

/** The entries of a list that fit an address. */
export const mailEntriesFor = (text: string): readonly string[] => {
  const address = plainMailAddress(text);
  return address === undefined ? [] : [address, `*${address.slice(address.lastIndexOf('@'))}`];
};

/** Does a channel of these rules take the letter? `loggedIn`: whoever sends it has proved to be the channel's partner. */
export const takesMail = (
  { recipients, senders, addresses, needsLogin }: MailRules,
  { sender, address, recipient }: Letter,
  loggedIn: boolean,
): boolean =>
  (loggedIn || !needsLogin) &&
  isAmong(recipients, recipient) &&
  (senders.length === 0 || isAmong(senders, sender)) &&
  (addresses.length === 0 || addresses.some((each) => networkContains(each, address)));

/** Addresses that are named twice, each with its place and the channel that named it first. */
export const recipientsNamedTwice = (
  channels: readonly {
    readonly name: string;
    readonly mail?: { readonly recipients: readonly string[] } | undefined;
  }[],
): readonly { readonly path: string; readonly address: string; readonly first: string }[] => {
  const owners = new Map<string, string>();
  return channels.flatMap(({ name, mail }, i) =>
    (mail?.recipients ?? []).flatMap((address, j) => {
      const first = owners.get(address);
      if (first === undefined) owners.set(address, name);
      return first === undefined ? [] : [{ path: `channels[${i}].mail.recipients[${j}]`, address, first }];
    }),
  );
};
