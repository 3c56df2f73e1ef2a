import { expect, it } from 'vitest';
import { z } from 'zod';
import { isPartnerFileName, partnerBase, placeOf } from '../../domain/partner.ts';

const schema = z.strictObject(partnerBase);
const given = { hosts: ['sftp.example.org'], login: 'acme' };

it('a partner section needs a host and a login, and keeps secrets out of itself', () => {
  expect(schema.parse(given)).toEqual({
    ...given,
    connectTimeout: 30_000,
    trusted: [],
    sending: { temporaryName: '.{id}.part', ifExists: 'hold', onUnknownOutcome: 'hold' },
  });
  expect(schema.safeParse({ ...given, password: { env: 'ACME' }, privateKey: { file: 'key' } }).success).toBe(true);
  for (const wrong of [
    { hosts: [] },
    { hosts: Array(11).fill('a') },
    { hosts: ['a b'] },
    { password: 'x' },
    { more: 1 },
  ])
    expect(schema.safeParse({ ...given, ...wrong }).success).toBe(false);
});

it.each([
  ['example.org', { host: 'example.org', port: 22 }],
  ['example.org:2222', { host: 'example.org', port: 2222 }],
  ['[2001:db8::1]', { host: '2001:db8::1', port: 22 }],
  ['[2001:db8::1]:2222', { host: '2001:db8::1', port: 2222 }],
])('%s is a host and a port', (address, place) => {
  expect(schema.safeParse({ ...given, hosts: [address] }).success).toBe(true);
  expect(placeOf(address, 22)).toEqual(place);
});

it('a file name is no path, holds no control character and is UTF-8', () => {
  for (const name of ['a', '.a', '-a', 'a b', 'ä', '日本', 'a\\b']) expect(isPartnerFileName(name)).toBe(true);
  for (const name of [
    '',
    '.',
    '..',
    '/',
    'a/b',
    '../a',
    'a\u0000',
    'a\n',
    'a\u001b[2J',
    'a\u009b',
    'a\ufffd',
    'a'.repeat(1025),
  ])
    expect(isPartnerFileName(name)).toBe(false);
});
