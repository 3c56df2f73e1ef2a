import { describe, expect, it } from 'vitest';
import { type Receipt, readReceipt, receiptWords } from '../../domain/receipt.ts';

const receipt: Receipt = {
  ...{ format: 'sallyport receipt 1', node: 'inner-1', role: 'inner', at: 1_000, certificate: 'YQ==', signature: 'x' },
  transfer: {
    ...{ id: 'a'.repeat(26), scenario: 'partnerSends', state: 'acknowledged', channel: 'acme', name: 'a\u202e\n.txt' },
    ...{ size: 7, sha256: 'b'.repeat(64), createdAt: 1, updatedAt: 2 },
  },
  events: [{ id: 'i', type: 'received', origin: 'dmz-1', at: 1, hash: 'c'.repeat(64), segment: null, ordinal: null }],
  segments: [],
};
const pack = (text: string): string => Buffer.from(text).toString('base64');
const unpack = (text: string): string => Buffer.from(text, 'base64').toString();
const words = receiptWords(receipt, pack).join('\n');

describe('a receipt', () => {
  it('is read again from its JSON and from its words', () => {
    for (const written of [JSON.stringify(receipt, null, 2), words, `${words.replaceAll('\n', '\r\n')}\n`])
      expect(readReceipt(written, pack, unpack)).toEqual({ _tag: 'Right', right: receipt });
  });

  it('is refused where its words say something else than it', () => {
    const other = words.replace('7 bytes', '8 bytes');
    expect(readReceipt(other, pack, unpack)).toMatchObject({
      left: { text: expect.stringContaining('words') as string },
    });
  });

  it.each(['', '{}', 'receipt: ', '{"format":"sallyport receipt 2"}'])('is none in %j', (written) => {
    expect(readReceipt(written, pack, unpack)).toMatchObject({ left: { reason: 'invalid' } });
  });

  it('shows a name so that it does nothing to a terminal', () => {
    expect(words).toContain('name      "a\\u202e\\n.txt"');
  });
});
