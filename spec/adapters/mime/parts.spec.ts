import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mailParts } from '../../../adapters/mime/index.ts';
import { failureIn } from '../../../domain/failure.ts';
import { isAttachment, partName } from '../../../domain/mail-part.ts';
import { bombs, deep, endless, filePart, mailOfParts, many } from '../../support/mail-bombs.ts';
import { bytesOf } from '../../support/outcome.ts';

const pieces = (mail: string | Buffer, size: number): AsyncIterable<Buffer> => {
  const bytes = typeof mail === 'string' ? Buffer.from(mail, 'latin1') : mail;
  const count = Math.ceil(bytes.length / size);
  return Readable.from(Array.from({ length: count }, (_, i) => bytes.subarray(i * size, (i + 1) * size)));
};

/** Each attachment's name and content; or why not. */
const attachments = async (mail: string | Buffer, size = 65_536): Promise<readonly (readonly string[])[] | string> => {
  const found: string[][] = [];
  try {
    for await (const part of mailParts().parts(pieces(mail, size)))
      if (isAttachment(part)) found.push([partName(part), String(await bytesOf(part.content))]);
  } catch (error) {
    const failure = failureIn(error);
    if (failure?.code !== 'badMail' || failure.lasting !== 'permanent') throw error;
    return failure.text;
  }
  return found;
};
const one = (encoding: string, body: string) =>
  attachments(mailOfParts([filePart('attachment; filename=a.txt', encoding, body)]));

describe('the parts of a mail', () => {
  it('are found whatever pieces the mail is read in, their line ends their own', async () => {
    const mail = mailOfParts([
      'Content-Type: text/plain\r\n\r\nthe text',
      filePart('attachment; filename=a.txt', 'base64', 'aGVs\r\nbG8='),
      filePart('attachment; filename="b.txt"', 'quoted-printable', 'a=3Db =\r\nc  \r\n\r\n'),
      filePart('attachment; filename=c.bin', 'binary', '\0\n\r\n-- b\r\n\xff'),
      filePart('attachment; filename=d.txt', '7bit', ''),
    ]);
    const expected = [
      ['a.txt', 'hello'],
      ['b.txt', 'a=b c\r\n\r\n'],
      ['c.bin', String(Buffer.from('\0\n\r\n-- b\r\n\xff', 'latin1'))],
      ['d.txt', ''],
    ];
    for (const size of [1, 2, 3, 7, 100, 65_536]) expect(await attachments(mail, size)).toEqual(expected);
  });

  it('are the whole mail where that is one file', async () => {
    const mail = 'Content-Type: application/xml; name=o.xml\r\nContent-Transfer-Encoding: base64\r\n\r\nPGEvPg==\r\n';
    expect(await attachments(mail)).toEqual([['o.xml', '<a/>']]);
    expect(await attachments('Subject: x\r\n\r\ntext\r\n')).toEqual([]);
    expect(await attachments('')).toEqual([]);
  });

  it('are attachments but for its texts, and what belongs to those', async () => {
    const text = 'Content-Type: text/html\r\n\r\n<p>';
    const picture = 'Content-Type: image/png; name=logo.png\r\nContent-Disposition: inline; filename=logo.png\r\n\r\nx';
    const related = `Content-Type: multipart/related; boundary=r\r\n\r\n--r\r\n${text}\r\n--r\r\n${picture}\r\n--r--`;
    const signed = [
      'Content-Type: application/xml\r\n\r\n<a/>',
      'Content-Type: application/pkcs7-signature; name=smime.p7s\r\n\r\nx',
    ];
    expect(await attachments(mailOfParts([related, picture]))).toEqual([['logo.png', 'x']]);
    expect(await attachments(mailOfParts(signed, 'multipart/signed; boundary=b'))).toEqual([['part-1.xml', '<a/>']]);
    const invitation = [text, 'Content-Type: text/calendar\r\n\r\nx', 'Content-Type: application/pdf\r\n\r\nx'];
    expect(await attachments(mailOfParts(invitation, 'multipart/alternative; boundary=b'))).toEqual([]);
  });

  it('hold other mails as they are, and nothing is looked for in them', async () => {
    const inner = mailOfParts([filePart('attachment; filename=a.txt', '7bit', 'x')]).replaceAll('=b', '=i');
    const nested = inner.replaceAll('--b', '--i');
    expect(await attachments(mailOfParts([`Content-Type: message/rfc822\r\n\r\n${nested}`]))).toEqual([
      ['part-1.eml', nested],
    ]);
  });
});

describe('what is broken', () => {
  it.each([
    ['base64', 'aGVsbG8', 'hello'],
    ['base64', ' aG Vs\tbG8=\r\n\r\n', 'hello'],
    ['BASE64', 'aGVsbA==', 'hell'],
    ['quoted-printable', 'a=e4b', 'a\ufffdb'],
    ['x-uuencode', 'x', 'part 1 (a.txt) has the encoding "x-uuencode"'],
    ['base64', 'aGVsb', 'the base64 of part 1 (a.txt) is cut off'],
    ['base64', 'aGVs-_==', 'the base64 of part 1 (a.txt) holds what is none'],
    ['base64', 'aGVsbA==\r\nmore', 'the base64 of part 1 (a.txt) goes on behind its end'],
    ['base64', '====', 'the base64 of part 1 (a.txt) is cut off'],
    ['quoted-printable', 'a=', 'a'],
    ['quoted-printable', 'a \t\r\nb \nc\r', 'a\r\nb\nc\r'],
    ['quoted-printable', `${'x'.repeat(70_000)}\r\ny`, 'part 1 (a.txt) has a line of more than 65536 bytes'],
    ['quoted-printable', 'a=zz', 'the quoted-printable of part 1 (a.txt) holds a "=" that says nothing'],
    ['quoted-printable', 'x'.repeat(70_000), 'part 1 (a.txt) has a line of more than 65536 bytes'],
  ])('in %s is borne where it can only mean one thing, and else the mail stays whole', async (encoding, body, said) => {
    const found = await one(encoding, body);
    if (typeof found === 'string') {
      expect(found).toContain(`the mail cannot be taken apart: ${said}`);
      expect(found).toMatch(/; it stays whole$/);
    } else expect(found).toEqual([['a.txt', said]]);
  });

  it.each([
    [deep(31), 'in each other more than 30 deep'],
    [many(1000), 'it has more than 1000 parts'],
    [endless(1024 ** 2), 'the header of one of its parts is longer than'],
    [mailOfParts(['\r\nx']).replace('--b--', ''), 'the end of its parts is missing'],
    [mailOfParts(['\r\nx']).replace('--b--', ' --b--'), 'the end of its parts is missing'],
    [mailOfParts(['\r\nx'], 'multipart/mixed'), 'it is said to have parts, and not where'],
  ])('beyond bounds is refused in words', async (mail, words) => {
    expect(await attachments(mail)).toContain(words);
  });

  it.each(['--x--', '--x'])('is refused where a file would end at a boundary of its own: %s', async (line) => {
    const type = 'Content-Type: application/octet-stream; name=f.bin; boundary=x';
    const bodies = [`one\r\n${line}\r\ntwo\r\nthree`, `one\r\n${line}\r\ntwo`, `one\r\n${line}\r\n`, `${line}\r\ntwo`];
    for (const body of bodies)
      for (const mail of [`${type}\r\n\r\n${body}\r\n`, mailOfParts([`${type}\r\n\r\n${body}`, '\r\ntext'])])
        expect(await attachments(mail)).toContain('one of its parts has parts, and must have none');
    expect(await attachments(mailOfParts([`${type}\r\n\r\none\r\n--y`]))).toEqual([['f.bin', 'one\r\n--y']]);
  });

  it('within bounds is taken', async () => {
    expect(await attachments(deep(28))).toEqual([['deep.txt', 'deep']]);
    expect(await attachments(many(990))).toHaveLength(990);
  });

  it.each(bombs)('does not take long: %s', async (_, mail) => {
    const begun = process.cpuUsage();
    await attachments(mail);
    const { user } = process.cpuUsage(begun);
    expect(user / 1e6).toBeLessThan(5);
  });

  it('never is a defect, whatever a mail is made of', async () => {
    const words = [
      ...['--b', '--b--', '--c', 'Content-Type: multipart/mixed; boundary=b', 'Content-Type: multipart/x; boundary=c'],
      ...['Content-Type: message/rfc822', 'Content-Type: text/plain; charset=x', 'Content-Transfer-Encoding: base64'],
      ...['Content-Disposition: attachment; filename*0*=utf-8\'\'%zz; filename*2="x"', 'QUJD', '=', '=4', '', '', ''],
      ...['Content-Disposition: attachment; filename="=?x?b?=?= =?utf-8?q?=ff?="', ' folded', '\ttoo', '"', "*='", ';'],
    ];
    const line = fc.oneof(
      { weight: 5, arbitrary: fc.constantFrom(...words) },
      fc.string({ unit: 'binary', maxLength: 20 }),
    );
    const property = fc.asyncProperty(
      fc.array(line, { maxLength: 40 }),
      fc.integer({ min: 1, max: 50 }),
      async (lines, size) => {
        const mail = Buffer.from(`Content-Type: multipart/mixed; boundary=b\r\n${lines.join('\r\n')}\r\n--b--\r\n`);
        expect(await attachments(mail, size)).toEqual(await attachments(mail));
      },
    );
    await fc.assert(property, { numRuns: 300 });
  });
});
