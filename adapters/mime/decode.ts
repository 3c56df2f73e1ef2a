/**
 * Transfer encodings (RFC 2045, section 6), read strictly: a file that arrived broken is better not delivered than delivered
 * otherwise than it was.
 */
import { type Failure, failing, permanent } from '../../domain/failure.ts';

type Bytes = AsyncGenerator<Uint8Array, void, undefined>;

/** Why a mail is not taken apart. */
export const badMail = (why: string): Error => failing(badMailFailure(why));

const badMailFailure = (why: string): Failure =>
  permanent('badMail', `the mail cannot be taken apart: ${why}; it stays whole`);

/** The content behind an encoding; `part` says in words which part it is of. */
export const decoded = (body: AsyncIterable<Uint8Array>, encoding: string, part: string): AsyncIterable<Uint8Array> => {
  switch (encoding) {
    case '':
    case '7bit':
    case '8bit':
    case 'binary':
      return body;
    case 'base64':
      return fromBase64(body, part);
    case 'quoted-printable':
      return fromQuotedPrintable(body, part);
    default:
      return refusing(`${part} has the encoding "${encoding.slice(0, 40)}", which is not known`);
  }
};

const refusing = (why: string): AsyncIterable<Uint8Array> => ({
  [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(badMail(why)) }),
});

const latin1 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');

/** Line ends and blanks are no part of it; all else that does not belong there is an error, as is anything behind its end. */
async function* fromBase64(body: AsyncIterable<Uint8Array>, part: string): Bytes {
  let rest = '';
  for await (const bytes of body) {
    const text = rest + latin1(bytes).replace(/[\r\n\t ]+/g, '');
    if (/[^A-Za-z0-9+/=]/.test(text)) throw badMail(`the base64 of ${part} holds what is none`);
    const end = text.indexOf('=');
    const whole = (end < 0 ? text.length : end) & ~3;
    rest = text.slice(whole);
    if (rest.length > 4) throw badMail(`the base64 of ${part} goes on behind its end`);
    if (whole > 0) yield Buffer.from(text.slice(0, whole), 'base64');
  }
  if (rest === '') return;
  if (!/^[^=]{2,3}=*$/.test(rest)) throw badMail(`the base64 of ${part} is cut off`);
  yield Buffer.from(rest, 'base64');
}

const longestLine = 65_536;

async function* fromQuotedPrintable(body: AsyncIterable<Uint8Array>, part: string): Bytes {
  let rest = '';
  for await (const bytes of body) {
    const lines = (rest + latin1(bytes)).split('\n');
    rest = lines.pop() ?? '';
    if ([...lines, rest].some(({ length }) => length > longestLine))
      throw badMail(`${part} has a line of more than ${longestLine} bytes`);
    if (lines.length > 0) yield Buffer.from(lines.map((line) => plain(`${line}\n`, part)).join(''), 'latin1');
  }
  if (rest !== '') yield Buffer.from(plain(rest, part), 'latin1');
}

/** One line, its end included where it has one. Blanks before the end were added on the way. */
const plain = (line: string, part: string): string => {
  const end = line.endsWith('\r\n') ? '\r\n' : line.endsWith('\n') ? '\n' : '';
  let length = line.length - end.length;
  while (length > 0 && ' \t'.includes(line.charAt(length - 1))) length -= 1;
  const text = line.slice(0, length);
  const soft = text.endsWith('=');
  const hex = (soft ? text.slice(0, -1) : text).replace(/=([0-9A-Fa-f]{2})?/g, (_, code?: string) => {
    if (code === undefined) throw badMail(`the quoted-printable of ${part} holds a "=" that says nothing`);
    return String.fromCharCode(Number.parseInt(code, 16));
  });
  return soft ? hex : hex + end;
};
