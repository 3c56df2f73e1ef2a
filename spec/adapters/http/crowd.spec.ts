import { describe, expect, it } from 'vitest';
import { networkOf } from '../../../adapters/http/crowd.ts';
import { silentCrowd } from './crowd.ts';

silentCrowd(400);

describe('of an address', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['::1', '0:0:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
  ])('%s the network %s counts', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });
});
