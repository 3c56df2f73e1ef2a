import { describe, it } from 'vitest';
import { restartUnderLoad } from './pass-through-restart.ts';

describe('while inner is killed and stopped under load', () => {
  it(
    'no request hangs beyond its limit, and no answer reaches the wrong client',
    () => restartUnderLoad(40, 2),
    120_000,
  );
});
