/** The claim check: the bytes stay in a payload store, everything else carries this. */
import { z } from 'zod';

/** `<node>.<id>`: which server wrote it, and a name that is unique there; safe as a file name. */
export const payloadKey = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}\.[a-z0-9]{1,40}$/, 'a payload key is <node>.<id>');

/** A payload: where its bytes are, how many (bytes), and their SHA-256 (hex). */
export const payloadRef = z.strictObject({
  key: payloadKey,
  size: z.number().int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 in lower-case hex'),
});
export type PayloadRef = z.infer<typeof payloadRef>;

/** Makes the key of a payload that `node` writes. */
export const keyOf = (node: string, id: string): string => `${node}.${id}`;

/** The key of the copy that a profile's step made; it stands under the id of its transfer. */
export const stepKeyOf = (node: string, id: string, index: number): string => keyOf(node, `${id}s${index}`);

const idLength = 26;

/** The transfer or upload that a payload belongs to. */
export const belongsTo = (key: string): string => key.slice(key.indexOf('.') + 1).slice(0, idLength);
