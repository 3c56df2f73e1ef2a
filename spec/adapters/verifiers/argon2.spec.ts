import * as argon2 from '@node-rs/argon2';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { argon2Verifiers } from '../../../adapters/verifiers/argon2.ts';
import { recent } from '../../../adapters/verifiers/recent.ts';
import { slots } from '../../../adapters/verifiers/slots.ts';
import { failureIn } from '../../../domain/failure.ts';
import { manualClock } from '../../support/manual-clock.ts';

vi.mock('@node-rs/argon2', async (load) => {
  const real = await load<typeof argon2>();
  return { ...real, verify: vi.fn(real.verify) };
});
const verify = vi.mocked(argon2.verify);
afterEach(() => {
  verify.mockClear();
});

const minute = 60_000;

describe('argon2id verifiers', () => {
  it('fit the password that they were made of, and no other', async () => {
    const verifiers = argon2Verifiers({ clock: manualClock() });
    const verifier = await verifiers.make('correct horse', 'a salt');
    expect(verifier).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(await verifiers.make('correct horse', 'a salt')).toBe(verifier);
    expect(await verifiers.make('correct horse', 'another salt')).not.toBe(verifier);
    expect(await verifiers.check(verifier, 'correct horse')).toBe(true);
    expect(await verifiers.check(verifier, 'Correct horse')).toBe(false);
    expect(await verifiers.check(verifier, '')).toBe(false);
  });

  it('fit those of another implementation', async () => {
    const verifiers = argon2Verifiers({ clock: manualClock() });
    // From the test of the reference implementation: argon2id, v=19, m=2^16, t=2, p=1, salt "somesalt".
    const verifier = '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc';
    expect(await verifiers.check(verifier, 'password')).toBe(true);
    expect(await verifiers.check(verifier, 'passwort')).toBe(false);
  });

  it('fit nothing when they are malformed, of another kind, or too dear to check', async () => {
    const verifiers = argon2Verifiers({ clock: manualClock() });
    const good = await verifiers.make('x', 'a salt');
    const bad = [
      '',
      'x',
      '$argon2id$',
      good.slice(0, 40),
      good.replace('argon2id', 'argon2i'),
      `${good}${'A'.repeat(500)}`,
    ];
    const dear = [good.replace('m=19456', 'm=4194304'), good.replace('t=2', 't=4000000')];
    for (const each of [...bad, ...dear]) expect(await verifiers.check(each, 'x')).toBe(false);
    expect(verify).not.toHaveBeenCalled();
  });

  it('are not computed for passwords of any length', async () => {
    const verifiers = argon2Verifiers({ clock: manualClock() });
    const verifier = await verifiers.make('x'.repeat(1024), 'a salt');
    expect(await verifiers.check(verifier, 'x'.repeat(1024))).toBe(true);
    expect(await verifiers.check(verifier, 'x'.repeat(1025))).toBe(false);
    await expect(verifiers.make('x'.repeat(1025), 'a salt')).rejects.toThrow('at most 1024 bytes');
  });

  it('are computed again five minutes after a success, and each time after a failure', async () => {
    const clock = manualClock();
    const verifiers = argon2Verifiers({ clock });
    const verifier = await verifiers.make('right', 'a salt');
    for (const password of ['right', 'right', 'wrong', 'wrong']) await verifiers.check(verifier, password);
    expect(verify).toHaveBeenCalledTimes(3);
    clock.advance(5 * minute - 1);
    expect(await verifiers.check(verifier, 'right')).toBe(true);
    expect(verify).toHaveBeenCalledTimes(3);
    clock.advance(1);
    expect(await verifiers.check(verifier, 'right')).toBe(true);
    expect(verify).toHaveBeenCalledTimes(4);
  });

  it('are computed once for equal checks at the same time', async () => {
    const verifiers = argon2Verifiers({ clock: manualClock() });
    const verifier = await verifiers.make('right', 'a salt');
    const results = await Promise.all(Array.from({ length: 50 }, () => verifiers.check(verifier, 'right')));
    expect(new Set(results)).toEqual(new Set([true]));
    expect(verify).toHaveBeenCalledTimes(1);
  });

  it('are computed two at a time; when 200 wait, more are refused as busy, which is not false', async () => {
    const verifiers = argon2Verifiers({ clock: manualClock() });
    const verifier = await verifiers.make('right', 'a salt');
    let open = (): void => undefined;
    const gate = new Promise<boolean>((resolve) => {
      open = () => {
        resolve(false);
      };
    });
    verify.mockImplementation(() => gate);
    const checks = Array.from({ length: 203 }, (_, i) => verifiers.check(verifier, `wrong ${i}`));
    const error: unknown = await checks[202]?.catch((caught: unknown) => caught);
    expect(failureIn(error)).toMatchObject({ code: 'busy', lasting: 'temporary' });
    expect(verify).toHaveBeenCalledTimes(2);
    open();
    expect(await Promise.all(checks.slice(0, 202))).toEqual(Array.from({ length: 202 }, () => false));
    expect(verify).toHaveBeenCalledTimes(202);
  });
});

describe('recent successes', () => {
  it('are forgotten oldest first beyond their number', () => {
    const known = recent(manualClock(), minute, 2);
    for (const token of ['a', 'b', 'a', 'c']) known.add(token);
    expect(['a', 'b', 'c'].map((token) => known.has(token))).toEqual([true, false, true]);
  });

  it('are told apart by verifier and password, and mean nothing to another process', () => {
    const known = recent(manualClock(), minute, 2);
    const tokens = [
      known.tokenOf('ab', 'c'),
      known.tokenOf('a', 'bc'),
      recent(manualClock(), minute, 2).tokenOf('ab', 'c'),
    ];
    expect(new Set(tokens).size).toBe(3);
    expect(known.tokenOf('ab', 'c')).toBe(tokens[0]);
  });
});

describe('slots', () => {
  it('are free again after work that failed', async () => {
    const inSlot = slots(1, 1);
    const both = [inSlot(() => Promise.reject(new Error('x'))), inSlot(() => Promise.resolve('next'))] as const;
    await expect(both[0]).rejects.toThrow('x');
    expect(await both[1]).toBe('next');
    expect(await inSlot(() => Promise.resolve('later'))).toBe('later');
  });
});
