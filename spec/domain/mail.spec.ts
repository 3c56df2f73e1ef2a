import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type MailRules,
  mailAddress,
  mailEntriesFor,
  plainMailAddress,
  recipientsNamedTwice,
  takesMail,
} from '../../domain/mail.ts';

const rules: MailRules = { recipients: ['orders@here.example'], senders: [], addresses: [], needsLogin: false };
const letter = { sender: 'edi@acme.example', address: '192.0.2.7', recipient: 'orders@here.example' };

describe('a mail address', () => {
  it.each(['a@b', 'Orders+1@Here.Example', 'größe@xn--kln-sna.example', "o'neil_x.y@a-b.example", '*@here.example'])(
    'is %s',
    (text) => {
      expect(mailAddress.parse(text)).toBe(text.toLowerCase());
    },
  );

  it.each([
    '',
    '@b',
    'a@',
    'a b@c',
    'a@b c',
    'a@b\r\nc',
    'a\n@b',
    '<a@b>',
    'a@@b',
    'a"@b',
    'a@-b',
    'a@b..c',
    'a@köln.example',
    'a@[192.0.2.1]',
    'a\u0000@b',
    `${'a'.repeat(250)}@b.example`,
  ])('is not %j', (text) => {
    expect(mailAddress.safeParse(text).success).toBe(false);
  });

  it('has one form, that of what has it already, and no character that a line could end with', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.emailAddress()), (text) => {
        const plain = plainMailAddress(text);
        if (plain === undefined) return;
        expect(plainMailAddress(plain)).toBe(plain);
        // biome-ignore lint/suspicious/noControlCharactersInRegex: there must be none
        expect(plain).not.toMatch(/[\u0000-\u0020<>\u007f]/);
        expect(mailEntriesFor(text)).toEqual([plain, expect.stringMatching(/^\*@[^@]+$/)]);
      }),
    );
  });
});

describe('a channel', () => {
  it('takes mail for its addresses, whatever their case, and for all of a domain', () => {
    const both = { ...rules, recipients: ['orders@here.example', '*@acme.example'] };
    for (const recipient of ['orders@here.example', 'ORDERS@Here.example', 'x@acme.example'])
      expect(takesMail(both, { ...letter, recipient }, false)).toBe(true);
    for (const recipient of ['x@here.example', 'x@sub.acme.example', 'x@notacme.example', 'orders', ''])
      expect(takesMail(both, { ...letter, recipient }, false)).toBe(false);
  });

  it('asks for sender, network and login, each where it is told to', () => {
    const strict = { ...rules, senders: ['*@acme.example'], addresses: ['192.0.2.0/24', '2001:db8::/32'] };
    expect(takesMail(strict, letter, false)).toBe(true);
    expect(takesMail(strict, { ...letter, address: '2001:db8::7' }, false)).toBe(true);
    expect(takesMail(strict, { ...letter, address: '198.51.100.1' }, true)).toBe(false);
    expect(takesMail(strict, { ...letter, sender: 'edi@other.example' }, true)).toBe(false);
    expect(takesMail(strict, { ...letter, sender: '' }, true)).toBe(false);
    expect(takesMail({ ...rules, needsLogin: true }, letter, false)).toBe(false);
    expect(takesMail({ ...rules, needsLogin: true }, letter, true)).toBe(true);
  });

  it('has its addresses alone', () => {
    const channels = [
      { name: 'a', mail: { recipients: ['x@here.example', 'y@here.example'] } },
      { name: 'b' },
      { name: 'c', mail: { recipients: ['z@here.example', 'y@here.example'] } },
    ];
    expect(recipientsNamedTwice(channels)).toEqual([
      { path: 'channels[2].mail.recipients[1]', address: 'y@here.example', first: 'a' },
    ]);
  });
});
