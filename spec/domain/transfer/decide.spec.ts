import { isLeft, isRight } from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { permanent, temporary } from '../../../domain/failure.ts';
import { afterFailure, delayAfter, onlyWaits, order } from '../../../domain/transfer/decide.ts';
import { given } from '../../support/given.ts';

const policy = { attempts: 3, firstDelay: 1_000, longestDelay: 5_000 };
const types = (facts: readonly { readonly type: string }[]) => facts.map((each) => each.type);

describe('a failed try', () => {
  it('is counted while another may help', () => {
    const folded = given('received', 'forwarded', 'stepFailed');
    expect(types(afterFailure(folded, 'fetch', temporary('noLink', 'no link'), policy))).toEqual(['stepFailed']);
  });

  it('holds the transfer when it was the last of the policy', () => {
    const folded = given('received', 'forwarded', 'stepFailed', 'stepFailed');
    const facts = afterFailure(folded, 'fetch', temporary('noLink', 'no link'), policy);
    expect(types(facts)).toEqual(['stepFailed', 'held']);
    expect(facts[1]?.data).toEqual({ code: 'noLink', reason: 'gave up after 3 tries: no link' });
  });

  it('holds the transfer at once when no further try can help', () => {
    const facts = afterFailure(given('received', 'forwarded'), 'fetch', permanent('notFound', 'it is gone'), policy);
    expect(types(facts)).toEqual(['stepFailed', 'held']);
  });
});

describe('a try that found no room, or no turn', () => {
  it('is no failed try', () => {
    expect(['noSpace', 'noSlot', 'noLink'].map((code) => onlyWaits(temporary(code, '')))).toEqual([true, true, false]);
  });
});

describe('the wait between tries', () => {
  it('doubles up to the longest', () => {
    expect([1, 2, 3, 4, 99].map((tries) => delayAfter(tries, policy))).toEqual([1_000, 2_000, 4_000, 5_000, 5_000]);
  });
});

describe('an order of a person', () => {
  const by = { login: 'root' };

  it('releases what is held, and nothing else', () => {
    expect(isRight(order(given('received', 'held'), 'release', 'ok', by))).toBe(true);
    const refused = order(given('received'), 'release', 'ok', by);
    expect(isLeft(refused) && refused.left.text).toBe('only a held transfer can be released; it is received');
  });

  it('retries or abandons what is open', () => {
    for (const what of ['retry', 'abandon'] as const) {
      expect(isRight(order(given('received', 'forwarded'), what, 'ok', by))).toBe(true);
      expect(isRight(order(given('received', 'held'), what, 'ok', by))).toBe(true);
    }
  });

  it('is refused once the transfer has ended', () => {
    const ended = given('created', 'prepared', 'sent');
    for (const what of ['release', 'retry', 'abandon'] as const)
      expect(order(ended, what, 'ok', by)).toMatchObject({ left: { text: 'it has already ended (sent)' } });
  });
});
