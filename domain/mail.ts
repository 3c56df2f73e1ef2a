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

/** What a channel says of mail, as its settings were checked. Absent at a channel: it takes none. */
export const mailRules = z.strictObject({
  recipients: z.array(z.string().max(longest)).max(1000),
  senders: z.array(z.string().max(longest)).max(1000),
  addresses: z.array(z.string().max(64)).max(1000),
  needsLogin: z.boolean(),
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
