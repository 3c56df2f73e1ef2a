import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { collectHead, mailName, receivedCount } from '../../../adapters/smtp/header.ts';
import { type LineFault, lineCheck } from '../../../adapters/smtp/lines.ts';
import { receivedLine } from '../../../adapters/smtp/trace.ts';

const name = (header: string): string => mailName(Buffer.from(header));
const bytes = fc.string({ unit: fc.constantFrom('\r', '\n', '.', 'a', ' ', ':', '\t') });
const pieces = (whole: Buffer, sizes: readonly number[]): Buffer[] => {
  const made: Buffer[] = [];
  for (let at = 0, i = 0; at < whole.length; i += 1) {
    const size = sizes[i % sizes.length] ?? 1;
    made.push(whole.subarray(at, at + size));
    at += size;
  }
  return made;
};
const sizes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1 });

describe('the name of a mail', () => {
  it.each([
    ['Message-ID: <a.b@c.example>\r\n', 'a.b@c.example.eml'],
    ['MESSAGE-id:a@b\r\nMessage-ID: <second@b>\r\n', 'a@b.eml'],
    ['Subject: x\r\nMessage-ID:\r\n\t<folded@b>\r\n', 'folded@b.eml'],
    ['X: Message-ID: <x@y>\r\nMessage-ID: <z@y>\r\n', 'z@y.eml'],
  ])('is made of its Message-ID: %j', (header, expected) => {
    expect(name(header)).toBe(expected);
  });

  it('is made of its header where it has none, the same each time', () => {
    expect(name('Subject: x\r\n\r\n')).toMatch(/^mail-[0-9a-f]{32}\.eml$/);
    expect(name('Subject: x\r\n\r\n')).toBe(name('Subject: x\r\n\r\n'));
    expect(name('Subject: x\r\n\r\n')).not.toBe(name('Subject: y\r\n\r\n'));
  });

  it('is a safe one, whatever the Message-ID, and keeps apart what differs', () => {
    expect(name('Message-ID: <../../etc/passwd>\r\n')).toMatch(/^_.*_etc_passwd-[0-9a-f]{16}\.eml$/);
    expect(name('Message-ID: <a/b@c>\r\n')).not.toBe(name('Message-ID: <a_b@c>\r\n'));
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 2000 }), (id) => {
        expect(name(`Message-ID: <${id}>\r\n\r\n`)).toMatch(/^[A-Za-z0-9_@+=][A-Za-z0-9._@+=-]{0,220}\.eml$/);
      }),
    );
  });
});

describe('a header', () => {
  it('ends at its empty line, in whatever pieces it comes', () => {
    fc.assert(
      fc.property(bytes, sizes, (text, cut) => {
        const whole = Buffer.from(text);
        const at = Buffer.from(`\r\n${text}`).indexOf('\r\n\r\n');
        const head = collectHead();
        const ends = pieces(whole, cut).map((each) => head.give(each));
        expect(ends.find((each) => each !== undefined)).toBe(at < 0 ? undefined : at + 2);
        expect(head.bytes().equals(whole)).toBe(true);
      }),
    );
  });

  it('has as many servers as lines of theirs, folded or not', () => {
    const header = 'Received: a\r\n\tReceived: b\r\nreceived:c\r\nX-Received: d\r\nReceived: e\r\n\r\n';
    expect(receivedCount(Buffer.from(header))).toBe(3);
  });
});

describe('lines', () => {
  const judged = (whole: Buffer, cut: readonly number[], longest: number): LineFault | undefined => {
    const check = lineCheck(longest);
    for (const each of pieces(whole, cut)) {
      const fault = check(each);
      if (fault !== undefined) return fault;
    }
    return undefined;
  };

  it('end with CR LF only, in whatever pieces they come', () => {
    fc.assert(
      fc.property(bytes, sizes, (text, cut) => {
        // A CR at the very end may still be followed by its LF.
        const bare = /\r(?![\n])(?!$(?![\s\S]))|(?<!\r)\n/.test(text);
        expect(judged(Buffer.from(text), cut, 1e6)).toBe(bare ? 'bare' : undefined);
      }),
      { numRuns: 2000 },
    );
  });

  it('are of bounded length', () => {
    expect(judged(Buffer.from(`${'a'.repeat(100)}\r\n`.repeat(3)), [7], 101)).toBeUndefined();
    expect(judged(Buffer.from(`a\r\n${'a'.repeat(103)}`), [7], 101)).toBe('long');
  });
});

it('our own line is lines of ours alone, whatever the sender says of itself', () => {
  const anything = fc.string({ unit: 'binary', maxLength: 300 });
  fc.assert(
    fc.property(anything, anything, anything, (helo, sender, recipient) => {
      const given = { helo, sender, recipients: [recipient], address: '::1', hostname: 'mx', with: 'ESMTP', id: '1' };
      const text = String(receivedLine({ ...given, at: 0 }));
      expect(text.split('\r\n')).toHaveLength(5);
      expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
      expect(text).toMatch(
        /^Received: from \S+ \(\[IPv6:::1\]\)\r\n\tby mx .*\r\n\t.*;\r\n\tThu, 01 Jan 1970 00:00:00 \+0000\r\n$/su,
      );
    }),
  );
});
