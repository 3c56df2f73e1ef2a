import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { storeWhole } from '../../actors/store-whole.ts';
import { failingCommitOnce } from '../support/failing-commit.ts';
import { memoryPayloadStore } from '../support/memory-payload-store.ts';
import { failureOf, succeeded } from '../support/outcome.ts';

const bytes = Buffer.from('hello');
const expected = { size: 5, sha256: createHash('sha256').update(bytes).digest('hex') };

describe('a payload that came with its message', () => {
  it('is stored at the next try where the disk was full at the commit', async () => {
    const store = failingCommitOnce(memoryPayloadStore());
    expect(await failureOf(storeWhole(store, 'inner-1.a', bytes, expected))).toMatchObject({ code: 'noSpace' });
    await succeeded(storeWhole(store, 'inner-1.a', bytes, expected));
    expect(await succeeded(store.stat('inner-1.a'))).toMatchObject({ size: 5 });
  });
});
