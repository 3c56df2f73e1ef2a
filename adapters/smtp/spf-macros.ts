/** Macros in SPF records (RFC 7208, section 7). */
import { isIPv6 } from 'node:net';

/** What is said of a mail and its sender. */
export type Spoken = { readonly sender: string; readonly address: string; readonly helo: string };

const macro = /%(?:%|_|-|\{([a-z])(\d{0,3})(r?)([.+,/_=-]*)\})/gi;
const longest = 253;
/** Before anything is filled in. */
const longestText = 512;

/** The text with its macros filled in, as a name that can be asked for; undefined where it is badly formed. */
export const expand = (text: string, spoken: Spoken, domain: string): string | undefined => {
  if (text.length > longestText) return undefined;
  if (text.replace(macro, '').includes('%')) return undefined;
  const filled = [...text.matchAll(macro)].map((match) => fill(match, spoken, domain));
  if (filled.includes(undefined)) return undefined;
  let next = 0;
  const name = text.replace(macro, () => filled[next++] ?? '');
  // What is too long loses labels in front.
  let short = name.replace(/\.$/, '');
  while (short.length > longest) short = short.slice(short.indexOf('.') + 1 || longest);
  return short;
};

const signs: Readonly<Record<string, string>> = { '%%': '%', '%_': ' ', '%-': '%20' };

const fill = (
  [whole, letter, digits = '', reverse = '', delimiters = '']: RegExpMatchArray,
  spoken: Spoken,
  domain: string,
): string | undefined => {
  if (letter === undefined) return signs[whole];
  const value = spokenBy(letter.toLowerCase(), spoken, domain);
  if (value === undefined || /^0+$/.test(digits)) return undefined;
  const parts = value.split(new RegExp(`[${(delimiters || '.').replace(/[-/]/g, '\\$&')}]`));
  if (reverse !== '') parts.reverse();
  const joined = (digits === '' ? parts : parts.slice(-Number(digits))).join('.');
  return letter === letter.toLowerCase() ? joined : encodeURIComponent(joined);
};

const spokenBy = (letter: string, { sender, address, helo }: Spoken, domain: string): string | undefined => {
  const at = sender.lastIndexOf('@');
  switch (letter) {
    case 's':
      return sender;
    case 'l':
      return sender.slice(0, at);
    case 'o':
      return sender.slice(at + 1);
    case 'd':
      return domain;
    case 'h':
      return helo;
    case 'p':
      return 'unknown';
    case 'v':
      return isIPv6(address) ? 'ip6' : 'in-addr';
    case 'i':
      return isIPv6(address) ? nibbles(address) : address;
    default:
      return undefined;
  }
};

const nibbles = (address: string): string => {
  const [head = '', tail] = address.split('::');
  const [before, after] = [head.split(':').filter(Boolean), (tail ?? '').split(':').filter(Boolean)];
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - before.length - after.length }, () => '0');
  const groups = [...before, ...zeros, ...after].map((each) => each.padStart(4, '0'));
  return groups.join('').split('').join('.');
};
