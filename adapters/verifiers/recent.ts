import { createHmac, randomBytes } from 'node:crypto';
import type { Clock } from '../../domain/ports.ts';

/** Remembers which pairs of verifier and password went together a short while ago, without either of them. */
export interface Recent {
  /** What stands for the pair: an HMAC under a key that this process made and nobody else knows. */
  tokenOf(verifier: string, password: string): string;
  has(token: string): boolean;
  add(token: string): void;
}

/** Remembers each for `milliseconds`, and at most `most` of them: the oldest is forgotten first. */
export const recent = (clock: Clock, milliseconds: number, most: number): Recent => {
  const key = randomBytes(32);
  const until = new Map<string, number>();
  return {
    tokenOf: (verifier, password) =>
      createHmac('sha256', key).update(`${verifier.length}:${verifier}`).update(password).digest('base64'),
    has: (token) => {
      const end = until.get(token);
      if (end !== undefined && end > clock.monotonic()) return true;
      until.delete(token);
      return false;
    },
    add: (token) => {
      until.delete(token);
      until.set(token, clock.monotonic() + milliseconds);
      const [oldest] = until.keys();
      if (until.size > most && oldest !== undefined) until.delete(oldest);
    },
  };
};
