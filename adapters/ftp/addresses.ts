/** Addresses of data connections on the wire (RFC 959, section 5.3.2; RFC 2428). */
import { BlockList, isIPv4, isIPv6 } from 'node:net';

/** Where somebody wants to be connected to. */
export type Target = { readonly host: string; readonly port: number };

/** Host and port as six numbers, as PASV answers them. */
export const sixNumbers = (host: string, port: number): string =>
  [...host.split('.'), String(port >> 8), String(port & 255)].join(',');

/** The argument of PORT. */
export const portTarget = (text: string): Target | undefined => {
  const match = /^(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3})$/.exec(text.trim());
  const numbers = (match ?? []).slice(1).map(Number);
  if (numbers.length !== 6 || numbers.some((each) => each > 255)) return undefined;
  return { host: numbers.slice(0, 4).join('.'), port: (numbers[4] ?? 0) * 256 + (numbers[5] ?? 0) };
};

/** The argument of EPRT; its delimiter is whatever character it begins with. */
export const extendedTarget = (text: string): Target | undefined => {
  const [before, family, host, port, after] = text.trim().split(text.trim().charAt(0));
  const fits = (family === '1' && isIPv4(host ?? '')) || (family === '2' && isIPv6(host ?? ''));
  if (before !== '' || after !== '' || !fits || !/^\d{1,5}$/.test(port ?? '')) return undefined;
  return { host: host ?? '', port: Number(port) };
};

/** Are these texts one address? IPv6 has many ways to write one. */
export const sameAddress = (one: string, other: string): boolean => {
  if (!isIPv6(one) || !isIPv6(other)) return one === other;
  const list = new BlockList();
  list.addAddress(one, 'ipv6');
  return list.check(other, 'ipv6');
};
