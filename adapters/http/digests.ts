/** Digest fields (RFC 9530): what a sender says its bytes are, and what we say of ours. */
import { createHash } from 'node:crypto';
import { left, right } from 'fp-ts/lib/Either.js';
import { type Decision, type Refusal, refusal } from '../../domain/failure.ts';

/** Counts bytes as they come; afterwards it says whether they are what the sender meant. */
export type Check = { readonly take: (bytes: Uint8Array) => void; readonly objection: () => Refusal | undefined };

/** The algorithms that count; of others the standard says that they are ignored, or are broken. */
const algorithms: Readonly<Record<string, string>> = { 'sha-256': 'sha256', 'sha-512': 'sha512' };

type Member = readonly [algorithm: string, digest: string];

/** Reads the fields; a field that cannot be read is refused, an algorithm that is not known is not. */
export const checkOf = (fields: readonly (string | undefined)[]): Decision<Check> => {
  const members: Member[] = [];
  for (const text of fields.flatMap((field) => (field === undefined ? [] : field.split(',')))) {
    const [, name = '', digest = ''] = /^[ \t]*([a-z*][a-z0-9_.*-]*)=:([A-Za-z0-9+/]+={0,2}):[ \t]*$/.exec(text) ?? [];
    if (name === '')
      return left(refusal('invalid', 'the digest is not understood; write Content-Digest: sha-256=:<base64>:'));
    if (algorithms[name] !== undefined) members.push([name, digest]);
  }
  const hashes = new Map(
    [...new Set(members.map(([name]) => name))].map((name) => [name, createHash(algorithms[name] ?? '')]),
  );
  return right({
    take: (bytes) => {
      for (const hash of hashes.values()) hash.update(bytes);
    },
    objection: () => {
      const found = new Map([...hashes].map(([name, hash]) => [name, hash.digest()]));
      const wrong = members.find(([name, digest]) => found.get(name)?.equals(Buffer.from(digest, 'base64')) !== true);
      return wrong === undefined
        ? undefined
        : refusal(
            'invalid',
            `the bytes that came are not those that were meant: ${wrong[0]} differs; nothing was delivered`,
          );
    },
  });
};

/** A digest of ours as a field's value. */
export const sha256Field = (hex: string): string => `sha-256=:${Buffer.from(hex, 'hex').toString('base64')}:`;
