/** SPF (RFC 7208): may this address send mail of this domain? */
import { isIP, isIPv6 } from 'node:net';
import type { AuthResult } from '../../domain/mail.ts';
import { networkContains } from '../../domain/network.ts';
import { type Dns, isDomain, NoAnswer } from './dns.ts';
import { expand, type Spoken } from './spf-macros.ts';

/** Section 4.6.4. */
const [mostLookups, mostVoids, mostNames] = [10, 2, 10];

/** The standard names none; no record that somebody meant comes near. */
const [longestRecord, mostTerms] = [4096, 100];

class Broken extends Error {}

type Check = Spoken & { readonly dns: Dns; lookups: number; voids: number };

/** The result for the sender of a mail; of a bounce, for the name that the server gave itself. */
export const checkSpf = async (
  dns: Dns,
  given: { readonly sender: string; readonly address: string; readonly helo: string },
): Promise<{ readonly result: AuthResult; readonly domain: string }> => {
  const sender = given.sender === '' ? `postmaster@${given.helo}` : given.sender;
  const domain = sender.slice(sender.lastIndexOf('@') + 1).toLowerCase();
  if (!isDomain(domain)) return { result: 'none', domain: domain.slice(0, 253) };
  const check: Check = { dns, sender, address: given.address, helo: given.helo, lookups: 0, voids: 0 };
  try {
    return { result: await evaluate(check, domain), domain };
  } catch (error) {
    if (error instanceof NoAnswer) return { result: 'temperror', domain };
    if (error instanceof Broken) return { result: 'permerror', domain };
    throw error;
  }
};

const signs: Readonly<Record<string, AuthResult>> = { '+': 'pass', '-': 'fail', '~': 'softfail', '?': 'neutral' };
const term = /^([+?~-]?)(all|include|a|mx|ptr|ip4|ip6|exists)(?::([^/]\S*?))?((?:\/\d{1,3})?(?:\/\/\d{1,3})?)$/i;
const ipTerm = /^([+?~-]?)(ip4|ip6):([0-9a-f.:]+)(\/\d{1,3})?$/i;
const modifier = /^([a-z][a-z0-9_.-]*)=(.*)$/i;

const evaluate = async (check: Check, domain: string): Promise<AuthResult> => {
  const records = (await check.dns.texts(domain)).filter((text) => /^v=spf1( |$)/i.test(text));
  const [record] = records;
  if (record === undefined) return 'none';
  if (records.length > 1) throw new Broken();
  if (record.length > longestRecord) throw new Broken();
  const terms = record
    .split(/ +/)
    .slice(1)
    .filter((each) => each !== '');
  if (terms.length > mostTerms) throw new Broken();
  let redirect: string | undefined;
  // The whole of it must be well-formed before any of it counts.
  const mechanisms = terms.flatMap((each) => {
    const [, key = '', value = ''] = modifier.exec(each) ?? [];
    if (key === '') return [mechanismOf(each)];
    if (key.toLowerCase() !== 'redirect') return [];
    if (redirect !== undefined || value === '') throw new Broken();
    redirect = value;
    return [];
  });
  for (const each of mechanisms) if (await matches(check, domain, each)) return each.result;
  if (redirect === undefined) return 'neutral';
  count(check);
  const result = await evaluate(check, target(check, domain, redirect));
  if (result === 'none') throw new Broken();
  return result;
};

type Mechanism = {
  readonly result: AuthResult;
  readonly kind: string;
  readonly value: string;
  readonly lengths: string;
};

const mechanismOf = (text: string): Mechanism => {
  const ip = ipTerm.exec(text);
  const [, sign = '', kind = '', value = '', lengths = ''] = ip ?? term.exec(text) ?? [];
  const result = signs[sign || '+'];
  const lower = kind.toLowerCase();
  const bad =
    result === undefined ||
    lower === '' ||
    (lower.startsWith('ip') && ip === null) ||
    ((lower === 'include' || lower === 'exists') && value === '') ||
    (lower === 'all' && text.length > sign.length + 3) ||
    (lengths !== '' && !['a', 'mx', 'ip4', 'ip6'].includes(lower));
  if (bad) throw new Broken();
  return { result, kind: lower, value, lengths };
};

const count = (check: Check): void => {
  check.lookups += 1;
  if (check.lookups > mostLookups) throw new Broken();
};

const notVoid = <A>(check: Check, found: readonly A[]): readonly A[] => {
  if (found.length === 0) check.voids += 1;
  if (check.voids > mostVoids) throw new Broken();
  return found;
};

const target = (check: Check, domain: string, value: string): string => {
  const expanded = value === '' ? domain : expand(value, check, domain);
  if (expanded === undefined) throw new Broken();
  return expanded;
};

const matches = async (check: Check, domain: string, { kind, value, lengths }: Mechanism): Promise<boolean> => {
  const { dns, address } = check;
  if (kind === 'all') return true;
  if (kind === 'ip4' || kind === 'ip6') return contains(value, kind === 'ip4' ? 4 : 6, lengths, address);
  count(check);
  const name = target(check, domain, value);
  const family = isIPv6(address) ? 6 : 4;
  const among = async (host: string): Promise<boolean> =>
    notVoid(check, await dns.addresses(host, family)).some((each) =>
      contains(each, family, lengthOf(lengths, family), address),
    );
  switch (kind) {
    case 'include': {
      const result = await evaluate(check, name);
      if (result === 'none') throw new Broken();
      return result === 'pass';
    }
    case 'a':
      return among(name);
    case 'mx': {
      const hosts = notVoid(check, await dns.exchanges(name));
      if (hosts.length > mostNames) throw new Broken();
      for (const host of hosts) if (await among(host)) return true;
      return false;
    }
    case 'exists':
      return notVoid(check, await dns.addresses(name, 4)).length > 0;
    default: {
      const hosts = notVoid(check, await dns.names(address)).slice(0, mostNames);
      const below = hosts.filter((host) => `.${host.toLowerCase()}`.endsWith(`.${name.toLowerCase()}`));
      for (const host of below)
        if ((await dns.addresses(host, family)).some((each) => contains(each, family, '', address))) return true;
      return false;
    }
  }
};

/** `/24//64`: the first is for IPv4, the second for IPv6. */
const lengthOf = (lengths: string, family: 4 | 6): string => {
  const [, four = '', six = ''] = /^(\/\d+)?(?:\/(\/\d+))?$/.exec(lengths) ?? [];
  return family === 4 ? four : six;
};

const contains = (base: string, family: 4 | 6, length: string, address: string): boolean => {
  const most = family === 4 ? 32 : 128;
  if (isIP(base) !== family || Number(length.slice(1)) > most) throw new Broken();
  return networkContains(`${base}${length}`, address);
};
