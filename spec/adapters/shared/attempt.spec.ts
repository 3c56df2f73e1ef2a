import { left, right } from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { attempt } from '../../../adapters/shared/attempt.ts';
import { codeOf } from '../../../adapters/shared/failing.ts';
import { failing, failureIn, temporary } from '../../../domain/failure.ts';

const busy = temporary('busy', 'come back later');

describe('an attempt', () => {
  it('gives the value or the failure, and does nothing before it is run', async () => {
    let runs = 0;
    const good = attempt(
      () => {
        runs += 1;
        return Promise.resolve(runs);
      },
      () => busy,
    );
    expect(runs).toBe(0);
    expect(await good()).toEqual(right(1));
    expect(
      await attempt(
        () => Promise.reject(new Error('x')),
        () => busy,
      )(),
    ).toEqual(left(busy));
  });

  it('rejects with what its explanation throws: a defect', async () => {
    const defect = attempt(
      () => Promise.reject(new TypeError('a bug')),
      (error) => {
        throw error;
      },
    );
    await expect(defect()).rejects.toThrow('a bug');
  });
});

describe('an error that carries a failure', () => {
  it('gives it back, and other errors give none', () => {
    expect(failureIn(failing(busy))).toEqual(busy);
    for (const other of [new Error('x'), new Error('x', { cause: { kind: 'other' } }), busy, undefined])
      expect(failureIn(other)).toBeUndefined();
  });
});

describe('the code of an error', () => {
  it("is the operating system's, and not one of Node's for misuse", () => {
    expect(codeOf(Object.assign(new Error('x'), { code: 'ENOSPC' }))).toBe('ENOSPC');
    expect(codeOf(Object.assign(new Error('x'), { code: 'ERR_INVALID_ARG_TYPE' }))).toBeUndefined();
    expect(codeOf(new Error('x'))).toBeUndefined();
    expect(codeOf({ code: 'ENOSPC' })).toBeUndefined();
  });
});
