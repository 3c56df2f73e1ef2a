/** A sealed log in memory, and what somebody may do to the rows of its disk. */
import { right } from 'fp-ts/lib/Either.js';
import type { Readable } from '../../actors/segments.ts';
import { verifyLog } from '../../actors/verify-log.ts';
import { ordinalOf, unpack } from '../../adapters/eventlog/packing.ts';
import type { StoredEvent } from '../../adapters/eventlog/protocol.ts';
import { sha256Of } from '../../adapters/shared/ids.ts';
import type { Segment } from '../../domain/chain.ts';
import type { Verdict } from '../../domain/chain-check.ts';
import { memoryEventLog } from './memory-event-log.ts';
import { memorySignatures } from './memory-signatures.ts';
import { sealedLog } from './sealed-log.ts';

/** The rows of a log of dmz-1: 23 events of three streams in five segments, the last of three events. */
export const sealedRows = async (): Promise<readonly StoredEvent[]> => {
  const rows: StoredEvent[] = [];
  const server = sealedLog(memoryEventLog(rows));
  for (let round = 0; round < 7; round += 1)
    for (const stream of ['transfer-a', 'transfer-b', 'run-c']) await server.feed(stream, 1);
  await server.feed('transfer-a', 2);
  await server.stop();
  return rows;
};

/** Verifies a log of these rows. */
export const verified = (rows: readonly StoredEvent[], copy?: readonly Segment[], node = 'dmz-1'): Promise<Verdict> =>
  verifyLog({
    ...{ log: rowsLog(rows), node, sha256: sha256Of, signatures: memorySignatures(node) },
    ...(copy === undefined ? {} : { copy: inOrder(copy) }),
  });

/** The log as its rows are read: by their own ordinals and revisions, whatever is missing. */
const rowsLog = (rows: readonly StoredEvent[]): Readable => {
  const inLogOrder = rows.toSorted((a, b) => a[0] - b[0]);
  const byRevision = rows.toSorted((a, b) => a[2] - b[2]);
  const read =
    (found: readonly StoredEvent[], limit = 1_000) =>
    () =>
      Promise.resolve().then(() => right(found.slice(0, limit).map(unpack)));
  return {
    readAll: ({ after, limit } = {}) =>
      read(
        inLogOrder.filter(([ordinal]) => ordinal > ordinalOf(after)),
        limit,
      ),
    readStream: (stream, { from = 0n, limit } = {}) =>
      read(
        byRevision.filter((row) => row[1] === stream && BigInt(row[2]) >= from),
        limit,
      ),
  };
};

async function* inOrder(segments: readonly Segment[]): AsyncGenerator<Segment> {
  await Promise.resolve();
  yield* segments;
}
