/** What we read of a mail: how often it was received already, and its name. Never more than its header. */
import { createHash } from 'node:crypto';

/** A header that is longer is refused. */
export const longestHeader = 256 * 1024;

/** More servers than these a mail does not pass: it goes in a circle (RFC 5321, section 6.3). */
export const mostReceived = 50;

/** The beginning of a mail while its header comes in. */
export type Head = {
  /** Takes more; answers where the header ends, behind its empty line, once that is known. */
  readonly give: (bytes: Buffer) => number | undefined;
  readonly bytes: () => Buffer;
  readonly size: () => number;
};

/** Collects it. */
export const collectHead = (): Head => {
  // Grows by doubling: pieces of a byte each would otherwise cost a hundred times what they hold.
  let room = Buffer.alloc(4096);
  let size = 0;
  // As if a line had ended: a mail may begin with its empty line.
  let tail = Buffer.from('\r\n');
  return {
    give: (bytes) => {
      const near = Buffer.concat([tail, bytes]);
      const at = near.indexOf('\r\n\r\n');
      const end = at < 0 ? undefined : size - tail.length + at + 4;
      if (size + bytes.length > room.length) {
        const larger = Buffer.alloc(2 * (size + bytes.length));
        room.copy(larger, 0, 0, size);
        room = larger;
      }
      bytes.copy(room, size);
      size += bytes.length;
      tail = near.subarray(-3);
      return end;
    },
    bytes: () => room.subarray(0, size),
    size: () => size,
  };
};

/** The fields of a header, each in one line (RFC 5322, section 2.2.3). */
const fields = (header: Buffer): readonly string[] => header.toString('utf8').split(/\r\n(?![ \t])/);

const isCalled = (field: string, name: string): boolean => field.slice(0, name.length + 1).toLowerCase() === `${name}:`;

/** How many servers have passed it on. */
export const receivedCount = (header: Buffer): number =>
  fields(header).filter((field) => isCalled(field, 'received')).length;

/**
 * The name of a mail's file: its Message-ID, as far as that can stand in a name, or else the hash of its header; the same
 * for the same mail, however often it is sent.
 */
export const mailName = (header: Buffer): string => {
  const field = fields(header).find((each) => isCalled(each, 'message-id'));
  const id = field
    ?.slice('message-id:'.length)
    .replace(/\s+/g, '')
    .replace(/^<(.*)>$/, '$1');
  if (id === undefined || id === '') return `mail-${hash(header)}.eml`;
  const safe = id
    .replace(/[^A-Za-z0-9@._+=-]/g, '_')
    .replace(/^[.-]+/, '_')
    .slice(0, longestId);
  // Two that differ stay two.
  return safe === id ? `${safe}.eml` : `${safe}-${hash(id).slice(0, 16)}.eml`;
};

const longestId = 200;

const hash = (what: string | Buffer): string => createHash('sha256').update(what).digest('hex').slice(0, 32);
