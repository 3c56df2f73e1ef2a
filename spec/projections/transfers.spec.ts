import { describe, expect, it } from 'vitest';
import { stepOf } from '../../actors/roles.ts';
import { encode } from '../../domain/transfer/codec.ts';
import { transferStream } from '../../domain/transfer/event-id.ts';
import type { Fact, TransferEvent } from '../../domain/transfer/vocabulary.ts';
import { type TransferRecord, transfersProjection } from '../../projections/transfers.ts';
import { id, story } from '../support/given.ts';

const here = {
  stepOf,
  laneOf: (step: string) => step,
  retries: { attempts: 12, firstDelay: 1_000, longestDelay: 600_000 },
  keepFor: 1_000,
};
const inner = transfersProjection({ ...here, role: 'inner', node: 'inner-1', peer: undefined });

/** The row after these events; `before` each it may be changed. */
const foldOf = (
  projection: typeof inner,
  events: readonly TransferEvent[],
  before: (row: TransferRecord, event: TransferEvent) => TransferRecord = (row) => row,
) => {
  let row: TransferRecord | undefined;
  for (const [i, event] of events.entries()) {
    const logged = { ...encode(event), stream: transferStream(id), revision: BigInt(i), position: String(i) };
    row = projection.fold(row && before(row, event), logged);
  }
  return row;
};

/** The row after these events; `change` is what is marked beside the fold before the last of them. */
const rowAfter = (change: (row: TransferRecord) => TransferRecord, ...facts: readonly Fact['type'][]) => {
  const { events } = story(...facts);
  return foldOf(inner, events, (row, event) => (event === events.at(-1) ? change(row) : row));
};

const day = 86_400_000;
const dmz = transfersProjection({ ...here, role: 'dmz', node: 'dmz-1', peer: 'inner-1' });

describe('the payload of an ended transfer', () => {
  const ended = ['received', 'forwarded', 'fetched', 'processed', 'acknowledged'] as const;
  const keptFor = (...facts: readonly Fact['type'][]) => {
    const { events } = story(...facts);
    const row = foldOf(dmz, events);
    return {
      step: row?.step,
      afterFirst: (row?.dueAt ?? 0) - (events[0]?.meta.at ?? 0),
      afterLast: (row?.dueAt ?? 0) - (events.at(-1)?.meta.at ?? 0),
    };
  };

  it('stays for a while where its partner has heard the OK', () => {
    expect(keptFor('received', 'confirmed', ...ended.slice(1))).toMatchObject({ step: 'purge', afterLast: 1_000 });
  });

  it('stays for a day where its partner has not: it may come again, and look for the file', () => {
    expect(keptFor(...ended)).toMatchObject({ step: 'purge', afterFirst: day });
    expect(keptFor(...ended, 'repeated')).toMatchObject({ step: 'purge', afterFirst: day });
  });

  it('stays for a while from when its partner was heard at last', () => {
    expect(keptFor(...ended, 'repeated', 'confirmed')).toMatchObject({ step: 'purge', afterLast: 1_000 });
  });
});

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
