import { describe, expect, it } from 'vitest';
import type { LoggedEvent } from '../../../domain/ports.ts';
import { decode, encode } from '../../../domain/transfer/codec.ts';
import type { TransferEvent } from '../../../domain/transfer/vocabulary.ts';

const held: TransferEvent = {
  id: '0190a8f0-0000-5000-8000-000000000001',
  type: 'held',
  data: { reason: 'no profile matched', code: 'noProfile' },
  meta: { origin: 'inner-1', originSeq: 3, at: 1_700_000_000_000, run: 0, attempt: 0, step: 'process' },
};
const logged = (event: TransferEvent, other: Partial<LoggedEvent> = {}): LoggedEvent => ({
  ...encode(event),
  stream: 'transfer-1',
  revision: 4n,
  position: '0000000000000009',
  ...other,
});

describe('the codec of transfer events', () => {
  it('keeps what surrounds the data as metadata', () => {
    expect(encode(held)).toEqual({ id: held.id, type: 'held', data: held.data, metadata: held.meta });
  });
  it('decodes what it encoded', () => {
    expect(decode(logged(held))).toEqual(held);
  });
  it('passes over events of other kinds', () => {
    expect(decode(logged(held, { type: 'opened', stream: 'upload-1' }))).toBeUndefined();
    expect(decode(logged(held, { type: 'constructor', stream: 'upload-1' }))).toBeUndefined();
  });
  it('throws at an event of a transfer that only a newer server can have written', () => {
    expect(() => decode(logged(held, { type: 'teleported' }))).toThrow(
      'transfer-1 at revision 4 holds teleported, which this Sallyport does not know: it was written by a newer one; upgrade this one',
    );
  });
  it.each([
    ['data', { data: { reason: 'no profile matched' } }],
    ['a field too many', { data: { ...held.data, more: 1 } }],
    ['metadata', { metadata: { ...held.meta, run: -1 } }],
  ])('throws at unreadable %s and names the place', (_, other) => {
    expect(() => decode(logged(held, other))).toThrow('transfer-1 at revision 4 holds an unreadable held');
  });
});
