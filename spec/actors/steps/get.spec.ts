import { createHash, randomBytes } from 'node:crypto';
import { left, right } from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { get } from '../../../actors/steps/get.ts';
import { temporary } from '../../../domain/failure.ts';
import { entersTo } from '../../support/entering.ts';
import { fact, given, id } from '../../support/given.ts';
import { type MemoryPartner, memoryPartner } from '../../support/memory-partner.ts';
import { memoryPayloadStore } from '../../support/memory-payload-store.ts';
import { bytesOf, failureOf, succeeded } from '../../support/outcome.ts';

const [key, path] = [`dmz-1.${id}`, '/out/a.xml'];
const bytes = randomBytes(200_000);
const sha256 = createHash('sha256').update(bytes).digest('hex');
const created = fact('created', {
  scenario: 'cronGet',
  profile: 'fetch',
  dmz: 'dmz-1',
  source: { path, name: 'a.xml', size: bytes.length, modified: 1_000, after: 'delete' },
});
const roomy = { claim: () => Promise.resolve(right(() => undefined)) };

const world = () => {
  const partner = memoryPartner();
  partner.files.set(path, { bytes, modified: 1_000 });
  const payloads = memoryPayloadStore();
  const trying = (from: MemoryPartner = partner) =>
    get(entersTo(from), payloads, roomy, 'dmz-1')(given(created, 'requested'), new AbortController().signal);
  return { partner, payloads, trying };
};

/** A partner that does this as soon as the first bytes were read. */
const meddling = (partner: MemoryPartner, doing: () => void): MemoryPartner => ({
  ...partner,
  connect: () => {
    const session = partner.connect();
    return {
      ...session,
      read: (from, start) => async () => {
        const opened = await session.read(from, start)();
        doing();
        return opened;
      },
    };
  },
});

describe('getting a file from a partner', () => {
  it('stores it whole and says when the partner had changed it last', async () => {
    const { payloads, trying } = world();
    const [received] = await succeeded(trying());
    expect(received).toMatchObject({
      type: 'received',
      data: { channel: 'acme', path, name: 'a.xml', modified: 1_000, payload: { key, size: 200_000, sha256 } },
    });
    expect((await bytesOf(await succeeded(payloads.read(key)))).equals(bytes)).toBe(true);
  });

  it('tries again where the file changes while it is fetched, and then has the new one', async () => {
    const { partner, payloads, trying } = world();
    const changing = meddling(partner, () => partner.files.set(path, { bytes, modified: 2_000 }));
    const failure = await failureOf(trying(changing));
    expect(failure).toMatchObject({ lasting: 'temporary', code: 'changing' });
    expect(failure.text).toBe('/out/a.xml changed at the partner while it was fetched');
    partner.files.set(path, { bytes: Buffer.from('new'), modified: 3_000 });
    expect(await succeeded(trying())).toMatchObject([{ data: { modified: 3_000, payload: { size: 3 } } }]);
    expect((await bytesOf(await succeeded(payloads.read(key)))).toString()).toBe('new');
  });

  it('is held where the file is gone, before or meanwhile', async () => {
    const { partner, trying } = world();
    const gone = { lasting: 'permanent', code: 'notFound', text: 'the partner has no file /out/a.xml any more' };
    expect(await failureOf(trying(meddling(partner, () => partner.files.delete(path))))).toMatchObject(gone);
    expect(await failureOf(trying())).toMatchObject(gone);
  });

  it('tries again where it is cut in the middle, and keeps nothing of the part', async () => {
    const { partner, payloads, trying } = world();
    const cutting: MemoryPartner = {
      ...partner,
      connect: () => {
        const session = partner.connect();
        return {
          ...session,
          read: (from, start) => async () => {
            const opened = await session.read(from, start)();
            if (opened._tag === 'Left') return opened;
            return right(
              (async function* () {
                for await (const chunk of opened.right) {
                  yield chunk;
                  throw new Error('cut', { cause: temporary('linkBroken', 'the partner hung up') });
                }
              })(),
            );
          },
        };
      },
    };
    expect(await failureOf(trying(cutting))).toEqual(temporary('linkBroken', 'the partner hung up'));
    expect(await failureOf(payloads.stat(key))).toMatchObject({ code: 'notFound' });
    expect(await succeeded(trying())).toMatchObject([{ data: { payload: { sha256 } } }]);
  });

  it('does not begin where there is no room', async () => {
    const { partner, payloads } = world();
    const full = { claim: () => Promise.resolve(left(temporary('noSpace', 'no room'))) };
    const step = get(entersTo(partner), payloads, full, 'dmz-1');
    expect(await failureOf(step(given(created, 'requested'), new AbortController().signal))).toMatchObject({
      code: 'noSpace',
    });
    expect(partner.calls).toEqual([`look ${path}`]);
  });
});
