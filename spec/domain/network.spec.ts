import { BlockList } from 'node:net';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { network, networkContains } from '../../domain/network.ts';

it.each([
  ['192.0.2.7', '192.0.2.7', true],
  ['192.0.2.7', '192.0.2.8', false],
  ['192.0.2.0/24', '192.0.2.255', true],
  ['192.0.2.0/24', '192.0.3.0', false],
  ['0.0.0.0/0', '203.0.113.9', true],
  ['2001:db8::/32', '2001:db8:ffff::1', true],
  ['2001:db8::/32', '2001:db9::1', false],
  ['::1', '0:0:0:0:0:0:0:1', true],
  ['::ffff:192.0.2.7', '::ffff:c000:207', true],
  ['0.0.0.0/0', '::1', false],
  ['192.0.2.0/24', 'nonsense', false],
  ['192.0.2.0/24', '', false],
])('%s and %s: %s', (net, address, contains) => {
  expect(network.safeParse(net).success).toBe(true);
  expect(networkContains(net, address)).toBe(contains);
});

it.each(['', '192.0.2.0/33', '192.0.2', '2001:db8::/129', 'example.org', '*'])('%j is no network', (text) => {
  expect(network.safeParse(text).success).toBe(false);
});

it('says what the system says', () => {
  const families = [
    { address: fc.ipV4(), family: 'ipv4', width: 32 },
    { address: fc.ipV6(), family: 'ipv6', width: 128 },
  ] as const;
  for (const { address, family, width } of families)
    fc.assert(
      fc.property(address, address, fc.integer({ min: 0, max: width }), (one, other, length) => {
        const list = new BlockList();
        list.addSubnet(one, length, family);
        expect(networkContains(`${one}/${length}`, other)).toBe(list.check(other, family));
        expect(networkContains(`${one}/${length}`, one)).toBe(true);
      }),
    );
});
