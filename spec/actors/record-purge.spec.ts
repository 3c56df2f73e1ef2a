import { describe, expect, it } from 'vitest';
import { recordingPurges } from '../../actors/record-purge.ts';
import type { Readable } from '../../actors/segments.ts';
import type { StoredEvent } from '../../adapters/eventlog/protocol.ts';
import { memoryEventLog } from '../support/memory-event-log.ts';
import { sealedLog } from '../support/sealed-log.ts';
import { verified } from '../support/tampered.ts';

/** A log of 18 events of two streams, in four segments, with the door for purges. */
const world = async () => {
  const rows: StoredEvent[] = [];
  const server = sealedLog(memoryEventLog(rows));
  for (let round = 0; round < 9; round += 1) for (const stream of ['transfer-a', 'run-b']) await server.feed(stream, 1);
  return { ...server, rows, recordPurge: recordingPurges(server) };
};
const purge = (rows: readonly StoredEvent[], stream: string, keepFrom: number) =>
  rows.filter((row) => row[1] !== stream || row[2] >= keepFrom);

describe('a purge', () => {
  it('leaves a log that is as it was sealed, once it is recorded', async () => {
    const { rows, recordPurge, stop } = await world();
    await stop();
    expect(await recordPurge('transfer-a', 6n)).toMatchObject({ _tag: 'Right' });
    expect(await verified(rows)).toMatchObject({ problem: null, purged: 0, good: 18, unsealed: 3 });
    expect(await verified(purge(rows, 'transfer-a', 6))).toMatchObject({ problem: null, purged: 6, good: 18 });
  });

  it('may be recorded again, for instance after a crash before it was done', async () => {
    const { rows, recordPurge, stop } = await world();
    await stop();
    await recordPurge('transfer-a', 3n);
    await recordPurge('transfer-a', 6n);
    expect(await verified(purge(rows, 'transfer-a', 3))).toMatchObject({ problem: null, purged: 3 });
    expect(await verified(purge(rows, 'transfer-a', 6))).toMatchObject({ problem: null, purged: 6 });
  });

  it('finds the segment of neighbours once, and is right also where it leaves that segment', async () => {
    const rows: StoredEvent[] = [];
    const eventLog = memoryEventLog(rows);
    const server = sealedLog(eventLog);
    for (const stream of ['transfer-a', 'transfer-b', 'transfer-c']) await server.feed(stream, 4);
    await server.stop();
    let looks = 0;
    const counted: Readable = {
      ...eventLog,
      readStream: (stream, options) => {
        if (stream.startsWith('audit-')) looks += 1;
        return eventLog.readStream(stream, options);
      },
    };
    const recordPurge = recordingPurges({ ...server, eventLog: counted });
    expect(await recordPurge('transfer-a', 3n)).toMatchObject({ _tag: 'Right' });
    const first = looks;
    expect(await recordPurge('transfer-a', 4n)).toMatchObject({ _tag: 'Right' });
    expect([first > 0, looks]).toEqual([true, first]);
    // One event of it stands in the first segment of five, the others in the second.
    expect(await recordPurge('transfer-b', 4n)).toMatchObject({ _tag: 'Right' });
    expect(await recordPurge('transfer-a', 4n)).toMatchObject({ _tag: 'Right' });
    const left = ['transfer-a', 'transfer-b'].reduce<readonly StoredEvent[]>(
      (all, stream) => purge(all, stream, 4),
      rows,
    );
    expect(await verified(left)).toMatchObject({ problem: null, purged: 8 });
  });

  it('that was not recorded is an event that is missing', async () => {
    const { rows, recordPurge, stop } = await world();
    await stop();
    await recordPurge('transfer-a', 3n);
    expect(await verified(purge(rows, 'transfer-a', 4))).toMatchObject({ problem: { trouble: 'missing', ordinal: 7 } });
  });

  it('that somebody without the key has recorded is found out', async () => {
    const { rows, recordPurge, stop } = await world();
    await stop();
    await recordPurge('transfer-a', 3n);
    const forged = rows.map((row) =>
      row[1] === 'purged-dmz-1'
        ? (row.with(5, row[5].replace('"revision":"1"', '"revision":"2"')) as unknown as StoredEvent)
        : row,
    );
    expect(await verified(purge(forged, 'transfer-a', 3))).toMatchObject({
      problem: { trouble: 'unreadable', text: expect.stringContaining('is not as a key of dmz-1 signed it') as string },
    });
  });

  it.each([
    ['what is sealed only in the last segment', 'transfer-a', 9n],
    ['segments', 'audit-dmz-1', 1n],
    ['records of purges', 'purged-dmz-1', 1n],
  ])('is refused for %s', async (_, stream, keepFrom) => {
    const { recordPurge, stop } = await world();
    await stop();
    expect(await recordPurge(stream, keepFrom)).toMatchObject({ _tag: 'Left' });
  });

  it('is refused for an event that was altered', async () => {
    const { rows, ...server } = await world();
    await server.stop();
    const altered = rows.map((row) =>
      row[1] === 'transfer-a' && row[2] === 1 ? (row.with(5, '{"n":7}') as unknown as StoredEvent) : row,
    );
    const recordPurge = recordingPurges({ ...server, eventLog: memoryEventLog(altered) });
    expect(await recordPurge('transfer-a', 3n)).toMatchObject({
      left: { text: expect.stringContaining('not as it was sealed') as string },
    });
  });
});
