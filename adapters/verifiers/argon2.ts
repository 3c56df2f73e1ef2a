import { createHash } from 'node:crypto';
import { hash, parseOptions, verify } from '@node-rs/argon2';
import type { Clock, Verifiers } from '../../domain/ports.ts';
import { recent } from './recent.ts';
import { slots } from './slots.ts';

/** OWASP's parameters for argon2id (RFC 9106): 19 MiB, two passes, one lane. */
const parameters = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;
/** What a verifier made elsewhere may cost us at most. */
const dearest = { memoryCost: 262_144, timeCost: 16, parallelism: 16 } as const;
const longestVerifier = 512;
const longestPassword = 1024;
const rememberedFor = 5 * 60_000;
const mostRemembered = 10_000;
const atOnce = 2;
const mostWaiting = 200;

/**
 * argon2id verifiers. A verifier that is malformed or too dear to check fits no password. `check` rejects, with an
 * error that carries the failure `busy`, when too many checks are waiting; it never says false for that.
 */
export const argon2Verifiers = (options: { readonly clock: Clock }): Verifiers => {
  const known = recent(options.clock, rememberedFor, mostRemembered);
  const inSlot = slots(atOnce, mostWaiting);
  const checking = new Map<string, Promise<boolean>>();

  const check = (verifier: string, password: string, token: string): Promise<boolean> => {
    const result = inSlot(() => verify(verifier, password)).then((fits) => {
      if (fits) known.add(token);
      return fits;
    });
    checking.set(token, result);
    return result.finally(() => checking.delete(token));
  };

  return {
    make: (password, salt) => {
      if (Buffer.byteLength(password) > longestPassword)
        return Promise.reject(new Error(`a password may have at most ${longestPassword} bytes; shorten it`));
      return inSlot(() => hash(password, { ...parameters, salt: saltOf(salt) }));
    },
    check: async (verifier, password) => {
      if (Buffer.byteLength(password) > longestPassword || !isVerifier(verifier)) return false;
      const token = known.tokenOf(verifier, password);
      return known.has(token) || (checking.get(token) ?? check(verifier, password, token));
    },
  };
};

/** RFC 9106, section 3.1: 16 bytes, unique for each password. */
const saltOf = (text: string): Uint8Array => createHash('sha256').update(text).digest().subarray(0, 16);

const isVerifier = (verifier: string): boolean => {
  if (verifier.length > longestVerifier || !verifier.startsWith('$argon2id$')) return false;
  try {
    const cost = parseOptions(verifier);
    return (
      cost.memoryCost <= dearest.memoryCost &&
      cost.timeCost <= dearest.timeCost &&
      cost.parallelism <= dearest.parallelism
    );
  } catch {
    return false;
  }
};
