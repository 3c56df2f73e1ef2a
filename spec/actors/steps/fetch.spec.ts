import { createHash, randomBytes } from 'node:crypto';
import { left, right } from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { fetchPayload } from '../../../actors/steps/fetch.ts';
import { temporary } from '../../../domain/failure.ts';
import type { Messages } from '../../../domain/message.ts';
import type { PayloadSource } from '../../../domain/ports.ts';
import { failingCommitOnce } from '../../support/failing-commit.ts';
import { fact, given, id } from '../../support/given.ts';
import { memoryMessages } from '../../support/memory-messages.ts';
import { memoryPayloadStore } from '../../support/memory-payload-store.ts';
import { failureOf, inPieces, succeeded } from '../../support/outcome.ts';

const bytes = Buffer.from('hello');
const payload = { key: `dmz-1.${id}`, size: 5, sha256: createHash('sha256').update(bytes).digest('hex') };

/** A disk on which there is always room. */
const roomy = { claim: () => Promise.resolve(right(() => undefined)) };

describe('fetching a payload', () => {
  it('ends at the next try where the disk was full at the commit, and asks for no byte twice', async () => {
    const asked: number[] = [];
    const messages: Messages = {
      ...memoryMessages().inner,
      payload: (_from, _key, start) => () => {
        asked.push(start);
        return Promise.resolve(right({ size: 5, bytes: inPieces(bytes.subarray(start)) }));
      },
    };
    const fetching = fetchPayload(
      failingCommitOnce(memoryPayloadStore()),
      roomy,
      messages.payload,
      'inner-1',
    )(given(fact('received', { payload }), 'forwarded'), new AbortController().signal);
    expect(await failureOf(fetching)).toMatchObject({ code: 'noSpace' });
    expect(await succeeded(fetching)).toMatchObject([{ type: 'fetched' }]);
    expect(asked).toEqual([0]);
  });

  it('does not begin before there is room for all of it, and asks for room for what is missing only', async () => {
    const store = memoryPayloadStore();
    const kept = await succeeded(store.write(`inner-1.${id}`));
    await succeeded(kept.write(0, bytes.subarray(0, 2)));
    await kept.abandon({ keep: true });
    const claims: number[] = [];
    const disk = {
      claim: (size: number) => {
        claims.push(size);
        return Promise.resolve(claims.length === 1 ? left(temporary('noSpace', 'no room')) : right(() => undefined));
      },
    };
    const messages: Messages = {
      ...memoryMessages().inner,
      payload: (_from, _key, start) => () =>
        Promise.resolve(right({ size: 5, bytes: inPieces(bytes.subarray(start)) })),
    };
    const transfer = given(fact('received', { payload }), 'forwarded');
    const fetching = fetchPayload(store, disk, messages.payload, 'inner-1')(transfer, new AbortController().signal);
    expect(await failureOf(fetching)).toMatchObject({ code: 'noSpace' });
    expect(await succeeded(fetching)).toMatchObject([{ type: 'fetched' }]);
    expect(claims).toEqual([3, 3]);
  });

  /** A source that breaks off after so many bytes, each time it is asked. */
  const breaking = (whole: Buffer, after: number) => {
    const asked: number[] = [];
    async function* some(start: number): AsyncGenerator<Uint8Array> {
      yield* inPieces(whole.subarray(start, start + after), 256 * 1024);
      if (start + after < whole.length) throw new Error('the link broke');
    }
    const source: PayloadSource = (_from, _key, start) => () => {
      asked.push(start);
      return Promise.resolve(right({ size: whole.length, bytes: some(start) }));
    };
    const sha256 = createHash('sha256').update(whole).digest('hex');
    const received = fact('received', { payload: { key: `dmz-1.${id}`, size: whole.length, sha256 } });
    const fetching = fetchPayload(memoryPayloadStore(), roomy, source, 'inner-1');
    return { asked, fetching: fetching(given(received, 'forwarded'), new AbortController().signal) };
  };
  const MiB = 1024 * 1024;

  it('goes on at once where a try that broke off got far, and is no failure', async () => {
    const { asked, fetching } = breaking(randomBytes(5 * MiB), 2 * MiB);
    expect(await succeeded(fetching)).toMatchObject([{ type: 'fetched' }]);
    expect(asked).toEqual([0, 2 * MiB, 4 * MiB]);
  });

  it('fails where it got nowhere, so that the tries are counted and spaced', async () => {
    const { asked, fetching } = breaking(randomBytes(5 * MiB), 1000);
    expect(await failureOf(fetching)).toMatchObject({ lasting: 'temporary', code: 'linkBroke' });
    expect(await failureOf(fetching)).toMatchObject({ lasting: 'temporary' });
    expect(asked).toEqual([0, 1000]);
  });
});
