/** IP addresses and networks, compared as numbers. */
import { z } from 'zod';

const [ipv4, ipv6] = [z.ipv4(), z.ipv6()];

/** An address, or a network as `192.0.2.0/24`. */
export const network = z.union([ipv4, ipv6, z.cidrv4(), z.cidrv6()], {
  error: 'write an IP address, or a network such as 192.0.2.0/24 or 2001:db8::/32',
});

type Bits = { readonly value: bigint; readonly width: 32 | 128 };

/** Is the address in the network? False where either is none, and between IPv4 and IPv6. */
export const networkContains = (net: string, address: string): boolean => {
  const [base = '', length] = net.split('/');
  const [from, here] = [bitsOf(base), bitsOf(address)];
  if (from === undefined || here === undefined || from.width !== here.width) return false;
  if (!network.safeParse(net).success) return false;
  const rest = BigInt(from.width - (length === undefined ? from.width : Number(length)));
  return from.value >> rest === here.value >> rest;
};

const bitsOf = (address: string): Bits | undefined => {
  if (ipv4.safeParse(address).success) return { value: BigInt(`0x${hexOf(address)}`), width: 32 };
  if (!ipv6.safeParse(address).success) return undefined;
  const [head = '', tail] = address.split('::');
  const [before, after] = [groupsOf(head), groupsOf(tail ?? '')];
  const zeros = Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => '0000');
  const groups = tail === undefined ? before : [...before, ...zeros, ...after];
  return groups.length === 8 ? { value: BigInt(`0x${groups.join('')}`), width: 128 } : undefined;
};

/** Groups of four hex digits; the last one may be written as an IPv4 address, which is two. */
const groupsOf = (text: string): readonly string[] =>
  text === ''
    ? []
    : text.split(':').flatMap((group) => {
        const hex = group.includes('.') ? hexOf(group) : group.padStart(4, '0');
        return hex.length > 4 ? [hex.slice(0, 4), hex.slice(4)] : [hex];
      });

const hexOf = (address: string): string =>
  address
    .split('.')
    .map((each) => Number(each).toString(16).padStart(2, '0'))
    .join('');
