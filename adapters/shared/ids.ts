import { createHash, hash, randomBytes } from 'node:crypto';
import type { Ids } from '../../domain/ports.ts';

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';
/** Sallyport's own namespace for names (RFC 9562, section 5.5); it never changes. */
const namespace = Buffer.from('ca83bd7220c743a98d5fd555ed1d637c', 'hex');

/** Names for new things, from the machine's clock and randomness. */
export const systemIds = (): Ids => ({ fresh, derived: derivedId, uuid: uuidOf, sha256: sha256Of });

/** 26 characters from SHA-256 over the parts, each behind its length; a number is its decimal text. */
export const derivedId = (...parts: readonly (string | number)[]): string => {
  const hash = createHash('sha256');
  for (const part of parts) {
    const bytes = Buffer.from(String(part));
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    hash.update(length).update(bytes);
  }
  // 26 characters are 130 bits: the first 17 bytes are 136.
  return base32(BigInt(`0x${hash.digest('hex').slice(0, 34)}`) >> 6n);
};

/** SHA-256 of a text, hexadecimal. */
export const sha256Of = (text: string): string => hash('sha256', text, 'hex');

/** UUIDv5 of a name in our namespace. */
export const uuidOf = (name: string): string => {
  const bytes = hash('sha1', Buffer.concat([namespace, Buffer.from(name)]), 'buffer').subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
};

/** 48 bits of milliseconds, then 80 random bits, as a ULID has them. */
const fresh = (): string => base32((BigInt(Date.now()) << 80n) | BigInt(`0x${randomBytes(10).toString('hex')}`));

const base32 = (value: bigint): string => {
  let text = '';
  for (let rest = value; text.length < 26; rest >>= 5n) text = alphabet.charAt(Number(rest & 31n)) + text;
  return text;
};
