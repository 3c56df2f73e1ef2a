/** Mails that are made to break their readers. Each has a header, and lines that end with CR LF. */

const head = (type: string): string => `Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: ${type}\r\n`;

/** A mail of parts, each a header with its body. */
export const mailOfParts = (parts: readonly string[], type = 'multipart/mixed; boundary=b'): string =>
  `${head(type)}\r\n${parts.map((part) => `--b\r\n${part}\r\n`).join('')}--b--\r\n`;

/** A part with a file. */
export const filePart = (disposition: string, encoding: string, body: string): string =>
  `Content-Disposition: ${disposition}\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\n${body}`;

const nested = (depth: number, open: (level: number) => string, core: string): string =>
  Array.from({ length: depth }, (_, level) => open(level)).join('') + core;

/** Parts in parts; none of them is closed but the outermost. */
export const deep = (depth: number): string =>
  mailOfParts([
    nested(
      depth,
      (level) => `Content-Type: multipart/mixed; boundary=n${level}\r\n\r\n--n${level}\r\n`,
      filePart('attachment; filename=deep.txt', '7bit', 'deep'),
    ),
  ]);

/** Mails in mails. */
export const mailsInMails = (depth: number): string =>
  mailOfParts([nested(depth, () => 'Content-Type: message/rfc822\r\n\r\n', 'Subject: the innermost\r\n\r\ntext')]);

/** So many small files. */
export const many = (count: number): string =>
  mailOfParts(Array.from({ length: count }, (_, i) => filePart(`attachment; filename=${i}.txt`, '7bit', String(i))));

/** A part whose header is so long. */
export const endless = (bytes: number): string =>
  mailOfParts([`${'X-A: b\r\n'.repeat(bytes / 8)}Content-Type: text/plain; name=a.txt\r\n\r\ntext`]);

/** A name in so many pieces (RFC 2231). */
export const pieces = (count: number): string =>
  mailOfParts([
    filePart(
      `attachment;${Array.from({ length: count }, (_, i) => `\r\n filename*${i}*=%41`).join(';')}`,
      '7bit',
      'text',
    ),
  ]);

/** A file whose name is blanks but for its last letter, in one folded field. */
const blankName = (lines: number): string =>
  mailOfParts([`Content-Disposition: attachment; filename="a${`\r\n${' '.repeat(900)}`.repeat(lines)}x"\r\n\r\ntext`]);

/** Lines of blanks but for their last letter. */
const blankLines = (count: number): string =>
  mailOfParts([filePart('attachment; filename=a.txt', 'quoted-printable', `${' '.repeat(65_500)}x\r\n`.repeat(count))]);

/** All of them, by what they are; the numbers say how bad. */
export const bombs: readonly (readonly [string, string])[] = [
  ['five thousand parts in each other', deep(5000)],
  ['five thousand mails in each other', mailsInMails(5000)],
  ['ten thousand parts', many(10_000)],
  ['a part with a header of 2 MiB', endless(2 * 1024 ** 2)],
  ['a name in ten thousand pieces', pieces(10_000)],
  ['a name of 360,000 blanks', blankName(400)],
  ['lines of 65,500 blanks', blankLines(10)],
  ['a hundred thousand ends of parts', `${mailOfParts(['\r\n'])}${'--b--\r\n'.repeat(100_000)}`],
  ['no end of its parts', mailOfParts(['\r\ntext']).replace('--b--', '')],
  ['no boundary', mailOfParts(['\r\ntext'], 'multipart/mixed')],
  ['an empty boundary', mailOfParts(['\r\ntext'], 'multipart/mixed; boundary=""')],
];
