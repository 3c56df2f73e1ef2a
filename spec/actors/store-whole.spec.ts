import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { storeStream, storeWhole } from '../../actors/store-whole.ts';
import { failing, temporary } from '../../domain/failure.ts';
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

describe('a payload that comes as a stream', () => {
  const store = memoryPayloadStore();

  it.each([
    ['the failure that it threw', failing(temporary('changed', 'it has changed')), { code: 'changed' }],
    ['a broken link where nothing says why', new Error('EPIPE'), { code: 'linkBroken', lasting: 'temporary' }],
  ])('that breaks off leaves nothing and gives %s', async (_, thrown, failure) => {
    const cut = async function* () {
      yield await Promise.resolve(bytes);
      throw thrown;
    };
    expect(await failureOf(storeStream(store, 'inner-1.b', cut()))).toMatchObject(failure);
    expect(await failureOf(store.partial('inner-1.b'))).toMatchObject({ code: 'notFound' });
  });
});
