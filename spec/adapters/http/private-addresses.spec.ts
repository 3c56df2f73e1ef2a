import { describe, expect, it } from 'vitest';
import { isPrivate } from '../../../adapters/http/private-addresses.ts';

describe('an address', () => {
  it.each([
    ...['0.0.0.0', '10.1.2.3', '100.64.0.1', '127.0.0.1', '169.254.169.254', '172.31.0.1', '192.168.1.1', '224.0.0.1'],
    ...['::', '::1', '::ffff:10.1.2.3', 'fd00::1', 'fe80::1', '64:ff9b::a00:1', 'ff02::1'],
  ])('%s is private', (address) => {
    expect(isPrivate(address)).toBe(true);
  });

  it.each(['9.9.9.9', '100.128.0.1', '172.32.0.1', '192.169.0.1', '2a00:1450::1', '::ffff:9.9.9.9'])(
    '%s is public',
    (address) => {
      expect(isPrivate(address)).toBe(false);
    },
  );
});
