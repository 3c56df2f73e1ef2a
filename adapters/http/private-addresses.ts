/** Addresses of our own networks, to which no name of a partner may lead us. */
import { BlockList, isIPv6 } from 'node:net';
import { type Failure, permanent } from '../../domain/failure.ts';
import type { PartnerPlace } from '../../domain/partner.ts';
import { nameOf } from '../shared/partner-failures.ts';
import { plainAddress } from '../shared/plain-address.ts';

/** What is not of the public internet (RFC 6890). */
const networks = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12'],
  ...['192.0.0.0/24', '192.168.0.0/16', '198.18.0.0/15', '224.0.0.0/4', '240.0.0.0/4'],
  ...['::/128', '::1/128', '64:ff9b::/96', 'fc00::/7', 'fe80::/10', 'ff00::/8'],
];

const blocked = new BlockList();
for (const network of networks) {
  const [address = '', bits] = network.split('/');
  blocked.addSubnet(address, Number(bits), isIPv6(address) ? 'ipv6' : 'ipv4');
}

/** Is it an address of nobody, of this machine, or of a network that is not the public one? */
export const isPrivate = (address: string): boolean => {
  const plain = plainAddress(address);
  return blocked.check(plain, isIPv6(plain) ? 'ipv6' : 'ipv4');
};

/** Why we do not go to where a name leads; undefined where we do. */
export const refusalOf = (place: PartnerPlace, address: string): Failure | undefined =>
  isPrivate(address)
    ? permanent(
        'notPermitted',
        `${nameOf(place)} leads to ${address}, which is no public address: put the address itself into hosts, or set privateAddresses: allow`,
      )
    : undefined;
