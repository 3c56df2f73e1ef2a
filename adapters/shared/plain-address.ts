/** IPv4 as IPv4, also where the socket is an IPv6 one. */
export const plainAddress = (address: string | undefined): string => (address ?? '').replace(/^::ffff:(?=\d+\.)/i, '');
