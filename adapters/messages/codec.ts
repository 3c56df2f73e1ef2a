/** CBOR (RFC 8949) and CBOR sequences (RFC 8742), taken strictly: whatever JSON and bytes can say, in one form only. */
import { decodeFirst, encode } from 'cborg';

const strict = {
  strict: true,
  allowIndefinite: false,
  allowUndefined: false,
  allowInfinity: false,
  allowNaN: false,
  allowBigInt: false,
  rejectDuplicateMapKeys: true,
};

/** One item. */
export const encodeOne = (item: unknown): Uint8Array => encode(item, { ignoreUndefinedProperties: true });

/** Items one after the other. */
export const encodeSequence = (items: readonly unknown[]): Uint8Array => Buffer.concat(items.map(encodeOne));

/** The items of a sequence; throws on anything that is not strict CBOR and on more than `most` items. */
export const decodeSequence = (bytes: Uint8Array, most: number): readonly unknown[] => {
  const items: unknown[] = [];
  let rest = bytes;
  while (rest.length > 0) {
    if (items.length === most) throw new Error(`more than ${most} items`);
    const [item, after] = decodeFirst(rest, strict) as [unknown, Uint8Array];
    items.push(item);
    rest = after;
  }
  return items;
};

/** Exactly one item; throws on anything else. */
export const decodeOne = (bytes: Uint8Array): unknown => {
  const items = decodeSequence(bytes, 1);
  if (items.length === 0) throw new Error('nothing');
  return items[0];
};

/** What a decoder gives; undefined where it throws. */
export const decoded = <A>(decode: () => A): A | undefined => {
  try {
    return decode();
  } catch {
    return undefined;
  }
};
