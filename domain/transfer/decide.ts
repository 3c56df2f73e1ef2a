/** The decisions about a transfer: what may be recorded next. Pure; the machine has the last word on legality. */
import { left, right } from 'fp-ts/lib/Either.js';
import { type Decision, type Failure, refusal } from '../failure.ts';
import type { Folded } from './fold.ts';
import type { Fact, Who } from './vocabulary.ts';

/** When the system stops trying by itself, and how long it waits between tries (milliseconds). */
export type RetryPolicy = { readonly attempts: number; readonly firstDelay: number; readonly longestDelay: number };

/** How long to wait after the n-th failed try (n from 1), in milliseconds; doubles up to the longest. */
export const delayAfter = (tries: number, policy: RetryPolicy): number =>
  Math.min(policy.firstDelay * 2 ** Math.max(0, Math.min(tries, 30) - 1), policy.longestDelay);

/** Is it only that there is no room, or no turn, yet? Such a try does not count: waiting for room never holds a transfer. */
export const onlyWaits = ({ code }: Failure): boolean => code === 'noSpace' || code === 'noSlot' || code === 'noDmz';

/** What a failed try of a step means: it is counted, and the transfer is held when no further try would help. */
export const afterFailure = (folded: Folded, step: string, failure: Failure, policy: RetryPolicy): readonly Fact[] => {
  const { code, lasting } = failure;
  const text = failure.text.slice(0, 1000);
  const failed: Fact = { type: 'stepFailed', data: { step, code, text, lasting } };
  const tries = folded.transfer.attempt + 1;
  if (lasting === 'temporary' && tries < policy.attempts) return [failed];
  const reason = lasting === 'permanent' ? text : `gave up after ${tries} tries: ${text}`;
  return [failed, { type: 'held', data: { code, reason: reason.slice(0, 1000) } }];
};

/** What a person may say about a transfer. */
export type Order = 'release' | 'retry' | 'abandon';

/** A person's order about a transfer: an event, or why not. */
export const order = (folded: Folded, what: Order, reason: string, by: Who): Decision<Fact> => {
  const data = { reason: reason.slice(0, 1000), by };
  if (folded.ended) return left(refusal('illegal', `it has already ended (${folded.state})`));
  switch (what) {
    case 'release':
      return folded.state === 'held'
        ? right({ type: 'released', data })
        : left(refusal('illegal', `only a held transfer can be released; it is ${folded.state}`));
    case 'retry':
      return right({ type: 'retried', data });
    case 'abandon':
      return right({ type: 'abandoned', data });
  }
};
