import { describe, expect, it } from 'vitest';
import { stepOf } from '../../actors/roles.ts';
import { encode } from '../../domain/transfer/codec.ts';
import { transferStream } from '../../domain/transfer/event-id.ts';
import type { Fact } from '../../domain/transfer/vocabulary.ts';
import { type TransferRecord, transfersProjection } from '../../projections/transfers.ts';
import { id, story } from '../support/given.ts';

const inner = transfersProjection({
  role: 'inner',
  node: 'inner-1',
  peer: undefined,
  stepOf,
  laneOf: (step) => step,
  retries: { attempts: 12, firstDelay: 1_000, longestDelay: 600_000 },
  keepFor: 1_000,
});

/** The row after these events; `change` is what is marked beside the fold before the last of them. */
const rowAfter = (change: (row: TransferRecord) => TransferRecord, ...facts: readonly Fact['type'][]) => {
  const { events } = story(...facts);
  let row: TransferRecord | undefined;
  for (const [i, event] of events.entries()) {
    if (row !== undefined && i === events.length - 1) row = change(row);
    const logged = { ...encode(event), stream: transferStream(id), revision: BigInt(i), position: String(i) };
    row = inner.fold(row, logged);
  }
  return row;
};

describe('the rows of transfers', () => {
  it('owe the peer an event of ours', () => {
    const row = rowAfter((before) => ({ ...before, acked: 1, tellAt: null }), 'received', 'forwarded', 'fetched');
    expect(row).toMatchObject({ ownSeq: 2, acked: 1, tellAt: row?.updatedAt });
  });

  it('owe nothing where the peer had the event before they knew of it', () => {
    const row = rowAfter((before) => ({ ...before, acked: 2, tellAt: null }), 'received', 'forwarded', 'fetched');
    expect(row).toMatchObject({ ownSeq: 2, acked: 2, tellAt: null });
  });
});
