/** The mail servers of a domain, as the DNS names them (RFC 5321, section 5.1). */
import { Resolver } from 'node:dns/promises';
import { failing, permanent, temporary } from '../../domain/failure.ts';
import { networkContains } from '../../domain/network.ts';
import { codeOf } from '../shared/failing.ts';

/** One address of a mail server. */
export type Exchange = { readonly name: string; readonly address: string };

/** Which DNS servers are asked (none: the machine's own), and whether addresses that are nobody's on the internet will do. */
export type LookupRules = { readonly dns: readonly string[]; readonly privateAddresses: boolean };

const most = 10;

const ownNetworks = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24'],
  ...['192.168.0.0/16', '198.18.0.0/15', '224.0.0.0/4', '240.0.0.0/4'],
];

/** Addresses of IPv6 that hold one of IPv4, which may be anybody's. */
const tunnels = ['2001::/32', '2002::/16'];

/** Is it an address of somebody's own network, or of nobody's, or none? */
export const isPrivate = (address: string): boolean => {
  const isIn = (each: string): boolean => networkContains(each, address);
  return isIn('0.0.0.0/0') ? ownNetworks.some(isIn) : !isIn('2000::/3') || tunnels.some(isIn);
};

/** The servers in the order in which they are to be tried. Rejects, with a failure as its cause, where there are none. */
export const exchangesOf = async (
  domain: string,
  { dns, privateAddresses }: LookupRules,
): Promise<readonly Exchange[]> => {
  const resolver = new Resolver({ timeout: 3_000, tries: 2 });
  if (dns.length > 0) resolver.setServers(dns);
  const names = await namesOf(resolver, domain);
  const found = (await Promise.all(names.map((name) => addressesOf(resolver, name)))).flat();
  if (found.length === 0) throw failing(temporary('unknownHost', `no mail server of ${domain} has an address`));
  const open = privateAddresses ? found : found.filter(({ address }) => !isPrivate(address));
  if (open.length > 0) return open.slice(0, most);
  const at = found.map(({ name, address }) => `${name} ${address}`).join(', ');
  const text = `the mail servers of ${domain} have private addresses only (${at}); set privateAddresses if that is meant`;
  throw failing(permanent('notPermitted', text.slice(0, 900)));
};

const namesOf = async (resolver: Resolver, domain: string): Promise<readonly string[]> => {
  const records = await resolver.resolveMx(domain).catch((error: unknown) => {
    const code = codeOf(error);
    // A domain without MX is its own mail server.
    if (code === 'ENODATA') return [{ priority: 0, exchange: domain }];
    throw failing(
      code === 'ENOTFOUND'
        ? permanent('unknownHost', `there is no domain ${domain}: correct partner.hosts`)
        : temporary('unknownHost', `the mail servers of ${domain} cannot be found (${code ?? 'no answer'})`),
    );
  });
  const names = [...records].sort((a, b) => a.priority - b.priority).map(({ exchange }) => exchange);
  if (names.every((name) => name === '' || name === '.'))
    throw failing(permanent('notPermitted', `${domain} says that it takes no mail (a null MX): correct partner.hosts`));
  return names.filter((name) => name !== '' && name !== '.').slice(0, most);
};

const addressesOf = async (resolver: Resolver, name: string): Promise<readonly Exchange[]> => {
  const asked = [resolver.resolve4(name), resolver.resolve6(name)].map((each) => each.catch((): string[] => []));
  return (await Promise.all(asked)).flat().map((address) => ({ name, address }));
};
